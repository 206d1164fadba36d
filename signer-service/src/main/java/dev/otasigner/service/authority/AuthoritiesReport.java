package dev.otasigner.service.authority;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
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
              key(certificate.getPublicKey()),
              strength(certificate.getPublicKey()),
              certificate.getSigAlgName(),
              certificate.getNotBefore().toInstant().toString(),
              certificate.getNotAfter().toInstant().toString()));
    }
    return List.of(
        new Section(
            "Certificate authorities",
            List.of(),
            List.of("subject", "key", "bits", "signed with", "from", "until"),
            rows));
  }

  private static String key(PublicKey key) {
    return key.getAlgorithm() + " " + size(key);
  }

  private static int size(PublicKey key) {
    if (key instanceof RSAKey rsa) {
      return rsa.getModulus().bitLength();
    }
    return key instanceof ECKey ec ? ec.getParams().getOrder().bitLength() : 0;
  }

  /** SP 800-57 part 1, table 2. */
  private static String strength(PublicKey key) {
    int size = size(key);
    if (key instanceof RSAKey) {
      return size < 2048 ? "below 112" : size < 3072 ? "112" : "128";
    }
    return Integer.toString(size / 2);
  }
}
