package dev.otasigner.service.rotation;

import dev.otasigner.service.report.Ending;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How near an end is, the nearest first. */
enum EndStage {
  OVER("over", "it has come", Duration.ZERO),
  MONTH("1-month", "in a month at most", Duration.ofDays(30)),
  QUARTER("3-months", "in three months at most", Ending.USUALLY_AHEAD),
  HALF("6-months", "in six months at most", Duration.ofDays(182)),
  YEAR("12-months", "in a year at most", Ending.LONGEST_AHEAD);

  private final String code;
  private final String words;
  private final Duration ahead;

  EndStage(String code, String words, Duration ahead) {
    this.code = code;
    this.words = words;
    this.ahead = ahead;
  }

  String code() {
    return code;
  }

  String words() {
    return words;
  }

  int daysAhead() {
    return (int) ahead.toDays();
  }

  /** Empty while more than a year is left. */
  static Optional<EndStage> of(Instant end, Instant now) {
    for (EndStage stage : values()) {
      if (!end.minus(stage.ahead).isAfter(now)) {
        return Optional.of(stage);
      }
    }
    return Optional.empty();
  }

  /**
   * The stage that begins so many days ahead.
   *
   * @throws IllegalArgumentException when none does
   */
  static EndStage ofDays(int daysAhead) {
    for (EndStage stage : values()) {
      if (stage.daysAhead() == daysAhead) {
        return stage;
      }
    }
    throw new IllegalArgumentException("no stage begins " + daysAhead + " days ahead");
  }
}
