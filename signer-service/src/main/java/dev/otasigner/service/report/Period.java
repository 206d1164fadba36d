package dev.otasigner.service.report;

import java.time.Instant;

/**
 * The time that a report tells of.
 *
 * @param from the first instant in it
 * @param to the first instant after it
 */
public record Period(Instant from, Instant to) {
  public Period {
    if (!from.isBefore(to)) {
      throw new IllegalArgumentException("a period begins before it ends");
    }
  }
}
