package dev.otasigner.service.authority;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import dev.otasigner.verifier.Digest;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The certificates under which devices and listeners are certified. */
@Component
class AuthorityEndings implements EndingSource {
  private final Authorities authorities;

  AuthorityEndings(Authorities authorities) {
    this.authorities = authorities;
  }

  @Override
  public List<Ending> endings() {
    return authorities.made().stream()
        .map(
            certificate ->
                new Ending(
                        "authority " + certificate.getSubjectX500Principal().getName(),
                        certificate.getNotAfter().toInstant())
                    .taking(
                        Support.key(
                            Optional.empty(),
                            Digest.of(certificate.getPublicKey().getEncoded()).hex(),
                            "bring the devices a profile that leans on another authority")))
        .toList();
  }
}
