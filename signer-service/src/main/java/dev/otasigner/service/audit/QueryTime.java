package dev.otasigner.service.audit;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** Times in a query. */
final class QueryTime {
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("+10000-01-01T00:00:00Z");

  private QueryTime() {}

  /**
   * Reads a time of the years 0 to 9999; the database and the calendar's sums end somewhere beyond.
   *
   * @param name of the parameter, for the refusal
   * @throws SignerException BAD_REQUEST
   */
  static Instant read(String name, String text) {
    try {
      Instant time = Instant.parse(text);
      if (!time.isBefore(FIRST) && time.isBefore(END)) {
        return time;
      }
    } catch (DateTimeParseException e) {
      // Refused below, like a time of no year that anybody means.
    }
    throw new SignerException(
        ProblemType.BAD_REQUEST, name + ": a time such as 2026-11-22T00:00:00Z is expected");
  }
}
