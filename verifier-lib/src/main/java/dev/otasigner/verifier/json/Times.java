package dev.otasigner.verifier.json;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/** RFC 3339 times with Z, to the second: the one form on the wire. */
public final class Times {
  private static final Pattern FORM = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");

  private Times() {}

  /**
   * Reads a time such as {@code 2026-11-22T09:30:00Z}: four digits of the year, no fraction, no
   * offset.
   *
   * @throws RejectedException MALFORMED for any other spelling, and for a day or hour that the
   *     calendar does not have
   */
  public static Instant parse(String text) throws RejectedException {
    if (!FORM.matcher(text).matches()) {
      throw new RejectedException(Reason.MALFORMED, "not a time of the form 2026-11-22T09:30:00Z");
    }
    Instant time;
    try {
      time = Instant.parse(text);
    } catch (DateTimeException e) {
      throw new RejectedException(Reason.MALFORMED, "not a time of the calendar");
    }
    // Midnight as 24:00:00 and a leap second would each be a second spelling of one time.
    if (!format(time).equals(text)) {
      throw new RejectedException(Reason.MALFORMED, "not a time in its one spelling");
    }
    return time;
  }

  /** The one spelling; what is below a second is cut off. */
  public static String format(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
