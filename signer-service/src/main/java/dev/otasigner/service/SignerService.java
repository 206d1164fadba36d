package dev.otasigner.service;

import dev.otasigner.keys.worker.WorkerLease;
import dev.otasigner.service.problem.JacksonStrictness;
import dev.otasigner.service.problem.JsonConverter;
import dev.otasigner.service.replica.Replicas;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.scheduling.annotation.EnableScheduling;
import tools.jackson.databind.JacksonModule;

/** Starts the service: {@code signer serve [--data DIR] [--port N]}. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableScheduling
public class SignerService {
  private static final Logger log = LoggerFactory.getLogger(SignerService.class);

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
      DirectoryFormat.claim(line.data());
      SpringApplication application = new SpringApplication(SignerService.class);
      Console console = new Console(stream(FileDescriptor.out));
      application.addInitializers(
          context -> join((GenericApplicationContext) context, line.springArguments(), console));
      application.addInitializers(
          context -> {
            GenericApplicationContext beans = (GenericApplicationContext) context;
            beans.registerBean(
                "standardOutput",
                Console.class,
                () -> console,
                definition -> definition.setPrimary(true));
            beans.registerBean(
                "terminal",
                SecretPrompt.class,
                () -> SecretPrompt::terminal,
                definition -> definition.setPrimary(true));
          });
      application.run(line.springArguments().toArray(String[]::new));
    } catch (IOException | RuntimeException e) {
      if (isEnding()) {
        return; // by a signal: what is closed already fails whatever still starts
      }
      FailedStart failed = FailedStart.of(e, line.data());
      if (!failed.isForeseen()) {
        log.error("the service did not start", e);
      }
      err.println("signer: error: " + failed.error());
      err.println("signer: hint: " + failed.hint());
      System.exit(3);
    }
  }

  /** One of several services waits here until it is the active one. */
  private static void join(
      GenericApplicationContext context, List<String> arguments, Console console) {
    Replicas.join(context.getEnvironment(), arguments, console)
        .ifPresent(
            active -> {
              try {
                DirectoryFormat.claim(active.shared());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              context.registerBean(
                  "workerLease",
                  WorkerLease.class,
                  active::lease,
                  definition -> definition.setDestroyMethodName(""));
            });
  }

  /** Whether the process is on its way out; it takes no hook any more then. */
  private static boolean isEnding() {
    Thread hook = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(hook);
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /**
   * Whole milliseconds, as the tables hold them: a database rounds what is finer, and an answer
   * read back would then tell another second than the one given at first.
   */
  @Bean
  public static Clock clock() {
    return Clock.tickMillis(ZoneOffset.UTC);
  }

  /** Nobody listens, unless {@link #main} puts standard output in its place. */
  @Bean
  static Console console() {
    return new Console(
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
  }

  /** Nobody answers, unless {@link #main} puts the terminal in its place. */
  @Bean
  static SecretPrompt secretPrompt() {
    return question -> {
      throw new IOException("there is nobody to ask for the " + question);
    };
  }

  @Bean
  static Milestones milestones() {
    return milestone -> {};
  }

  @Bean
  static ServiceDirectories serviceDirectories(@Value("${signer.shared:${signer.data}}") Path data)
      throws IOException {
    return ServiceDirectories.under(data);
  }

  @Bean
  static JacksonModule strictness() {
    return JacksonStrictness.module();
  }

  @Bean
  static ServerHttpMessageConvertersCustomizer jsonConverter() {
    return converters -> converters.addCustomConverter(new JsonConverter());
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
