package dev.otasigner.service.listeners;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLContext;

/**
 * What a listener speaks, exactly: nothing is offered that is not listed.
 *
 * @param versions {@code TLSv1.2}, {@code TLSv1.3}
 * @param suites by their standard names; each belongs to a listed version, and each version has one
 * @param groups key agreement groups by their standard names; empty for all that the JVM has
 * @param serverKey the key the service shows
 */
public record TlsPolicy(
    List<String> versions, List<String> suites, List<String> groups, ClientKeyType serverKey) {
  static final String TLS_1_2 = "TLSv1.2";
  static final String TLS_1_3 = "TLSv1.3";
  private static final Set<String> GROUPS =
      Set.of("x25519", "x448", "secp256r1", "secp384r1", "secp521r1");

  public TlsPolicy {
    versions = List.copyOf(versions);
    suites = List.copyOf(suites);
    groups = List.copyOf(groups);
    if (versions.isEmpty() || !Set.of(TLS_1_2, TLS_1_3).containsAll(versions)) {
      throw bad("versions: TLSv1.2, TLSv1.3 or both are expected");
    }
    Set<String> supported = supportedSuites();
    for (String suite : suites) {
      if (!supported.contains(suite) || isWithoutSecrecy(suite)) {
        throw bad("suites: " + suite + " is not a suite that this service speaks");
      }
      if (!versions.contains(versionOf(suite))) {
        throw bad("suites: " + suite + " belongs to " + versionOf(suite) + ", which is not listed");
      }
      if (!isFor(suite, serverKey)) {
        throw bad("suites: " + suite + " does not work with a server key " + serverKey.code());
      }
    }
    for (String version : versions) {
      if (suites.stream().noneMatch(suite -> versionOf(suite).equals(version))) {
        throw bad("suites: none of them belongs to " + version);
      }
    }
    for (String group : groups) {
      if (!GROUPS.contains(group)) {
        throw bad("groups: " + group + " is not a group that this service speaks");
      }
    }
  }

  /** The suites of one version. */
  List<String> suitesOf(String version) {
    return suites.stream().filter(suite -> versionOf(suite).equals(version)).toList();
  }

  /** Whether a device with this profile finds a version, a suite and a group in common. */
  boolean isSpokenBy(Profile.Tls tls) {
    boolean group =
        groups.isEmpty()
            || tls.groups().isEmpty()
            || groups.stream().anyMatch(tls.groups()::contains);
    return group
        && suites.stream()
            .anyMatch(s -> tls.suites().contains(s) && tls.versions().contains(versionOf(s)));
  }

  static String versionOf(String suite) {
    return suite.contains("_WITH_") ? TLS_1_2 : TLS_1_3;
  }

  private static boolean isFor(String suite, ClientKeyType serverKey) {
    return versionOf(suite).equals(TLS_1_3)
        || suite.startsWith(
            serverKey == ClientKeyType.RSA_2048 ? "TLS_ECDHE_RSA_" : "TLS_ECDHE_ECDSA_");
  }

  private static boolean isWithoutSecrecy(String suite) {
    String name = suite.toUpperCase(Locale.ROOT);
    return name.contains("NULL")
        || name.contains("ANON")
        || name.contains("_DES_")
        || name.contains("3DES")
        || name.contains("RC4")
        || name.contains("EXPORT");
  }

  private static Set<String> supportedSuites() {
    try {
      return Set.of(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no TLS", e);
    }
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
