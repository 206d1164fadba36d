package dev.otasigner.system;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.SignerService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/**
 * The service as it is, in a process of its own, with one bean replaced: the machine halts, without
 * any shutdown hook, at the milestone that the file of the property {@code halt.file} names, passed
 * for the time that stands behind it, counted since the file is there. So a service can recover and
 * be looked at before it dies in its turn. With a file of that name and {@code .freezes} the
 * process stops itself there instead, by SIGSTOP, and goes on from there once it is continued.
 */
public final class HaltingService {
  /** What kill -9 leaves as an exit status. */
  static final int HALTED = 137;

  private HaltingService() {}

  public static void main(String[] args) {
    System.setProperty("spring.main.sources", Halt.class.getName());
    SignerService.main(args);
  }

  /** Halts at one milestone. */
  @Configuration(proxyBeanMethods = false)
  public static class Halt {
    /** The real one, or one that goes on from the time of the property {@code clock.begin}. */
    @Bean
    @Primary
    static Clock clockOfTheTest() {
      Clock real = SignerService.clock();
      String begin = System.getProperty("clock.begin");
      return begin == null
          ? real
          : Clock.offset(real, Duration.between(real.instant(), Instant.parse(begin)));
    }

    @Bean
    @Primary
    static Milestones haltingMilestones() {
      Path file = Path.of(System.getProperty("halt.file", "nowhere"));
      AtomicInteger passed = new AtomicInteger();
      return milestone -> {
        if (Files.exists(file)
            && armed(file).startsWith(milestone + " ")
            && armed(file).endsWith(" " + passed.incrementAndGet())) {
          if (Files.exists(Path.of(file + ".freezes"))) {
            freeze();
          } else {
            Runtime.getRuntime().halt(HALTED);
          }
        }
      };
    }

    private static void freeze() {
      try {
        String self = Long.toString(ProcessHandle.current().pid());
        new ProcessBuilder("kill", "-STOP", self).inheritIO().start().waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private static String armed(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
