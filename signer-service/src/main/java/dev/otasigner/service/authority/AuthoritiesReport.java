package dev.otasigner.service.authority;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/** Certificate authorities that were made. */
@Component
class AuthoritiesReport implements ReportSource {
  private final Authorities authorities;

  AuthoritiesReport(Authorities authorities) {
    this.authorities = authorities;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.CRYPTO;
  }

  @Override
  public int position() {
    return 1;
  }

  @Override
  public List<Section> sections(Period period) {
    List<List<String>> rows = new ArrayList<>();
    for (X509Certificate certificate : authorities.made()) {
      rows.add(
          List.of(
              certificate.getSubjectX500Principal().getName(),
              certificate.getSigAlgName(),
              certificate.getNotBefore().toInstant().toString(),
              certificate.getNotAfter().toInstant().toString()));
    }
    return List.of(
        new Section(
            "Certificate authorities",
            List.of(),
            List.of("subject", "signed with", "from", "until"),
            rows));
  }
}
