package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class StartupClassesTests {
  @Test
  void trainingRunsAnUpdateCycleToItsEnd() {
    assertThatCode(() -> StartupClasses.main(new String[0])).doesNotThrowAnyException();
  }
}
