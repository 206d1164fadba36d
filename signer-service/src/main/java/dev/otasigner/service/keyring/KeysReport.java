package dev.otasigner.service.keyring;

import dev.otasigner.keys.worker.Rule;
import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/** Keys, what they may do, and the suites of the registry with their dates. */
@Component
class KeysReport implements ReportSource {
  private final Keyring keyring;

  KeysReport(Keyring keyring) {
    this.keyring = keyring;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.CRYPTO;
  }

  @Override
  public int position() {
    return 0;
  }

  @Override
  public List<Section> sections(Period period) {
    List<List<String>> keys = new ArrayList<>();
    Set<SignatureSuite> used = EnumSet.noneOf(SignatureSuite.class);
    for (KeyEntry key : keyring.list()) {
      used.add(key.suite());
      keys.add(row(key));
    }
    List<List<String>> suites = new ArrayList<>();
    for (SignatureSuite suite : SignatureSuite.values()) {
      suites.add(
          List.of(
              suite.code(),
              Integer.toString(suite.strengthBits()),
              suite.isPostQuantum() ? "yes" : "no",
              suite.deprecatedAfter().map(Instant::toString).orElse("-"),
              suite.disallowedAfter().map(Instant::toString).orElse("-"),
              used.contains(suite) ? "yes" : "no"));
    }
    return List.of(
        new Section(
            "Keys",
            List.of(
                "Approvals and limits are those of the worker's own file, which neither the database"
                    + " nor an administrator's API key can widen."),
            List.of(
                "name",
                "purpose",
                "suite",
                "bits",
                "token",
                "state",
                "since",
                "approvals",
                "until"),
            keys),
        new Section(
            "Signature suites",
            List.of("A closed list; dates after NIST IR 8547, strengths after SP 800-57."),
            List.of(
                "suite",
                "bits",
                "post-quantum",
                "deprecated after",
                "disallowed after",
                "has keys"),
            suites));
  }

  private List<String> row(KeyEntry key) {
    Optional<Rule> rule = keyring.allowance(key).map(Keyring.Allowance::rule);
    return List.of(
        key.name(),
        key.purpose().code(),
        key.suite().code(),
        Integer.toString(key.suite().strengthBits()),
        key.token().code(),
        key.state().code(),
        key.created().toString(),
        rule.map(r -> Integer.toString(r.minApprovals())).orElse("no rule, or no answer"),
        rule.flatMap(Rule::notAfter).map(Instant::toString).orElse("-"));
  }
}
