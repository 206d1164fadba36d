package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.CommandFailedException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Until when a draft may be signed, and until when devices accept what comes of it. */
final class DateOptions {
  private static final Pattern DAYS = Pattern.compile("([1-9]\\d{0,3})d");

  @Option(
      names = "--sign-by",
      defaultValue = "14d",
      paramLabel = "TIME|SPAN",
      description = "Nobody signs it or takes it in after that, such as 14d (${DEFAULT-VALUE}).")
  private String signBy = "";

  @Option(
      names = "--expires",
      required = true,
      paramLabel = "TIME|SPAN",
      description = "Devices do not accept it after that, such as 730d.")
  private String expires = "";

  Instant signBy(Instant now) {
    return time("--sign-by", signBy, now);
  }

  Instant expires(Instant now) {
    return time("--expires", expires, now);
  }

  private static Instant time(String option, String value, Instant now) {
    Matcher days = DAYS.matcher(value);
    if (days.matches()) {
      return now.truncatedTo(ChronoUnit.SECONDS)
          .plus(Duration.ofDays(Long.parseLong(days.group(1))));
    }
    try {
      return Instant.parse(value).truncatedTo(ChronoUnit.SECONDS);
    } catch (DateTimeException e) {
      throw CommandFailedException.usage(
          option + " " + value + ": such as 14d, or 2027-01-31T12:00:00Z");
    }
  }
}
