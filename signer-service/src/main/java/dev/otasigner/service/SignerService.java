package dev.otasigner.service;

import dev.otasigner.service.problem.JsonConverter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Starts the service: {@code signer serve [--data DIR] [--port N]}. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableScheduling
public class SignerService {

  /** Exits with 2 on a command line that is not understood, with 3 when it cannot start. */
  public static void main(String[] args) {
    PrintStream err = stream(FileDescriptor.err);
    CommandLine line;
    try {
      line = CommandLine.parse(args, System.getenv());
    } catch (IllegalArgumentException e) {
      err.println("signer: error: " + e.getMessage());
      err.println("signer: hint: " + CommandLine.USAGE);
      System.exit(2);
      return;
    }
    try {
      DirectoryLock.acquire(line.data());
      new SpringApplication(SignerService.class).run(line.springArguments().toArray(String[]::new));
    } catch (DirectoryLock.UnavailableException e) {
      err.println("signer: error: " + e.getMessage());
      System.exit(3);
    } catch (RuntimeException e) {
      // Spring Boot has already logged why.
      err.println("signer: error: the service did not start");
      System.exit(3);
    }
  }

  @Bean
  static Clock clock() {
    return Clock.systemUTC();
  }

  /** Standard output, for the few lines that a person or a script waits for. */
  @Bean
  static Console console() {
    return new Console(stream(FileDescriptor.out));
  }

  @Bean
  static Milestones milestones() {
    return milestone -> {};
  }

  @Bean
  static ServiceDirectories serviceDirectories(@Value("${signer.data}") Path data)
      throws IOException {
    return ServiceDirectories.under(data);
  }

  @Bean
  static ServerHttpMessageConvertersCustomizer jsonConverter() {
    return converters -> converters.addCustomConverter(new JsonConverter());
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
