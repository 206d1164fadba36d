package dev.otasigner.service.audit;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Reports, made when they are asked for; that somebody asked is in the audit log. */
@RestController
class ReportController {
  private static final Duration USUAL = Duration.ofDays(90);

  private final List<ReportSource> sources;
  private final AuditLog audit;
  private final Clock clock;

  ReportController(List<ReportSource> sources, AuditLog audit, Clock clock) {
    this.sources =
        sources.stream().sorted(Comparator.comparingInt(ReportSource::position)).toList();
    this.audit = audit;
    this.clock = clock;
  }

  /** The last ninety days unless the caller says otherwise. */
  @GetMapping("/api/v1/reports/{kind}")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json report(
      @PathVariable String kind,
      @RequestParam @Nullable String from,
      @RequestParam @Nullable String to) {
    ReportKind wanted =
        ReportKind.ofCode(kind).orElseThrow(() -> SignerException.notFound("report " + kind));
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end = to == null ? now.plusSeconds(1) : time("to", to);
    Instant begin = from == null ? end.minus(USUAL) : time("from", from);
    if (!begin.isBefore(end)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "from: a time before 'to' is expected");
    }
    Period period = new Period(begin, end);
    audit.record(
        "report.made",
        "report:" + kind,
        Map.of("from", period.from().toString(), "to", period.to().toString()));
    List<Json> sections = new ArrayList<>();
    for (ReportSource source : sources) {
      if (source.kind() == wanted) {
        source.sections(period).stream().map(Section::toJson).forEach(sections::add);
      }
    }
    return Json.object()
        .put("report", wanted.code())
        .put("title", wanted.title())
        .put("made", now)
        .put("from", period.from())
        .put("to", period.to())
        .put("sections", new Json.Arr(sections))
        .build();
  }

  private static Instant time(String name, String text) {
    return QueryTime.read(name, text).truncatedTo(ChronoUnit.SECONDS);
  }
}
