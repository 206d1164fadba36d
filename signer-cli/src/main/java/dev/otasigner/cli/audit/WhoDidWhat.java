package dev.otasigner.cli.audit;

import static dev.otasigner.cli.ServiceClient.escape;
import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Everything people and programs did in a time, page by page. */
final class WhoDidWhat {
  private static final int PAGE = 500;
  private static final int MAX_RECORDS = 50_000;

  private final Cli cli;

  WhoDidWhat(Cli cli) {
    this.cli = cli;
  }

  void show(Optional<String> user, @Nullable String since, @Nullable String until)
      throws RejectedException {
    StringBuilder query = new StringBuilder();
    user.map(name -> name.indexOf(':') < 0 ? "user:" + name : name)
        .ifPresent(term -> query.append("&about=").append(escape(term)));
    if (since != null) {
      query.append("&since=").append(escape(time("--since", since)));
    }
    if (until != null) {
      query.append("&until=").append(escape(time("--until", until)));
    }
    List<Json> records = new ArrayList<>();
    long from = 0;
    while (from >= 0) {
      Json answer = cli.service().get(path("audit") + "?from=" + from + query);
      Fields page = new Fields((Json.Obj) answer, "page");
      for (Fields record : page.objects("records", PAGE)) {
        if (user.isPresent() || isSomebodys(record)) {
          records.add(record.json());
        }
      }
      if (records.size() > MAX_RECORDS) {
        throw CommandFailedException.of(
                ExitCode.REFUSED, "more than " + MAX_RECORDS + " records of this time")
            .hint("give --user, or a shorter time with --since and --until");
      }
      from = page.has("next") ? page.integer("next", from, Long.MAX_VALUE) : -1;
    }
    cli.report().list(new Json.Arr(records), "at", "actor", "action", "subject", "details", "seq");
  }

  /** What devices and the service itself do is not asked for; whom somebody tried to be, is. */
  private static boolean isSomebodys(Fields record) throws RejectedException {
    String actor = record.string("actor");
    return actor.startsWith("user:")
        || actor.startsWith("api-key:")
        || record.string("action").equals("session.denied")
        || record.string("action").equals("issued-token.refused");
  }

  private static String time(String option, String text) {
    try {
      return text.indexOf('T') < 0
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toString()
          : Instant.parse(text).toString();
    } catch (DateTimeParseException e) {
      throw CommandFailedException.usage(
          option
              + ": a day such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z, is"
              + " expected");
    }
  }
}
