package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.PrintedConsole;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

/** A service whose clock moves, whose console is read, and that can be stopped at a milestone. */
@TestConfiguration(proxyBeanMethods = false)
@Import(PrintedConsole.class)
public class ServiceFixture {

  @Bean
  @Primary
  public MovingClock movingClock() {
    return new MovingClock();
  }

  @Bean
  @Primary
  public StoppingMilestones stoppingMilestones() {
    return new StoppingMilestones();
  }

  /** Stops whoever passes the armed milestone, once. */
  public static final class StoppingMilestones implements Milestones {
    private String armed = "";

    public synchronized void stopAt(String milestone) {
      armed = milestone;
    }

    public synchronized boolean hasStopped() {
      return armed.isEmpty();
    }

    @Override
    public synchronized void passed(String milestone) {
      if (armed.equals(milestone)) {
        armed = "";
        throw new IllegalStateException("stopped at " + milestone);
      }
    }
  }
}
