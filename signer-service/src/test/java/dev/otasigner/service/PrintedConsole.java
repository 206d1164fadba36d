package dev.otasigner.service;

import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** A service whose standard output is read. */
@TestConfiguration(proxyBeanMethods = false)
public class PrintedConsole {
  @Bean
  Admin.Printed printed() {
    return new Admin.Printed();
  }

  @Bean
  @Primary
  Console testConsole(Admin.Printed printed) {
    return printed.console();
  }
}
