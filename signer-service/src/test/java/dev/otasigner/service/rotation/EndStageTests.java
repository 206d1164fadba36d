package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a stage begins, to the second. */
class EndStageTests {
  private static final Instant END = Instant.parse("2030-01-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "365, 12-months, -",
    "182, 6-months, 12-months",
    "90, 3-months, 6-months",
    "30, 1-month, 3-months",
    "0, over, 1-month"
  })
  void aStageBeginsSoManyDaysAhead(int days, String stage, String before) {
    Instant begins = END.minus(Duration.ofDays(days));
    assertThat(code(begins)).isEqualTo(stage);
    assertThat(code(begins.minusSeconds(1))).isEqualTo(before);
    assertThat(EndStage.ofDays(days).code()).isEqualTo(stage);
  }

  private static String code(Instant now) {
    return EndStage.of(END, now).map(EndStage::code).orElse("-");
  }

  @Test
  void noOtherNumberOfDaysBeginsOne() {
    assertThatThrownBy(() -> EndStage.ofDays(31)).isInstanceOf(IllegalArgumentException.class);
  }
}
