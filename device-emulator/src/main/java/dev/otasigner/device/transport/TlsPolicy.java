package dev.otasigner.device.transport;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import java.util.List;
import java.util.Set;

/**
 * What a connection must be.
 *
 * @param versions JSSE's names, such as {@code TLSv1.2}
 * @param suites JSSE's names; empty leaves them to the JDK
 * @param groups of the key exchange, by IANA's names; empty leaves them to the JDK
 * @param serverAnchors SHA-256 of the SPKI of authorities that may vouch for a server
 */
public record TlsPolicy(
    List<String> versions, List<String> suites, List<String> groups, Set<Digest> serverAnchors) {
  public TlsPolicy {
    versions = List.copyOf(versions);
    suites = List.copyOf(suites);
    groups = List.copyOf(groups);
    serverAnchors = Set.copyOf(serverAnchors);
  }

  public static TlsPolicy of(Profile.Tls tls) {
    return new TlsPolicy(
        tls.versions(), tls.suites(), tls.groups(), Set.copyOf(tls.serverAnchors()));
  }

  /** What the factory's tools speak: anything modern, one authority. */
  public static TlsPolicy ofFactory(Digest serverAnchor) {
    return new TlsPolicy(List.of("TLSv1.3", "TLSv1.2"), List.of(), List.of(), Set.of(serverAnchor));
  }
}
