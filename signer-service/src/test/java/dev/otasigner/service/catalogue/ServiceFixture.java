package dev.otasigner.service.catalogue;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Console;
import dev.otasigner.service.MovingClock;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** A service whose clock moves and whose console is read. */
@TestConfiguration(proxyBeanMethods = false)
public class ServiceFixture {

  @Bean
  @Primary
  public MovingClock movingClock() {
    return new MovingClock();
  }

  @Bean
  public Admin.Printed printed() {
    return new Admin.Printed();
  }

  @Bean
  @Primary
  public Console testConsole(Admin.Printed printed) {
    return printed.console();
  }
}
