package dev.otasigner.system;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.SignerService;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/**
 * The service as it is, in a process of its own, with one bean replaced: the machine halts, without
 * any shutdown hook, when the milestone of the property {@code halt.at} is passed for the time of
 * {@code halt.time} (1 unless told).
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
    @Bean
    @Primary
    static Milestones haltingMilestones() {
      String at = System.getProperty("halt.at", "");
      AtomicInteger left = new AtomicInteger(Integer.getInteger("halt.time", 1));
      return milestone -> {
        if (milestone.equals(at) && left.decrementAndGet() == 0) {
          Runtime.getRuntime().halt(HALTED);
        }
      };
    }
  }
}
