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
      Set.of("x25519", "x448", "secp256r1", "secp384r1", "secp521r1", HybridEngine.GROUP);

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
    if (groups.contains(HybridEngine.GROUP)) {
      requireHybrid(versions, groups, serverKey);
    }
  }

  private static void requireHybrid(
      List<String> versions, List<String> groups, ClientKeyType serverKey) {
    if (groups.size() > 1) {
      throw bad(
          "groups: "
              + HybridEngine.GROUP
              + " stands alone, for a device that may agree on another group can be made to; open"
              + " another listener for the others");
    }
    if (!versions.equals(List.of(TLS_1_3))) {
      throw bad("groups: " + HybridEngine.GROUP + " is spoken in TLSv1.3 only");
    }
    if (serverKey == ClientKeyType.P_256) {
      throw bad("groups: " + HybridEngine.GROUP + " needs a server key rsa-2048 or p-384");
    }
  }

  /** The suites of one version. */
  List<String> suitesOf(String version) {
    return suites.stream().filter(suite -> versionOf(suite).equals(version)).toList();
  }

  /** Whether a device with this profile finds a version, a suite and a group in common. */
  boolean isSpokenBy(Profile.Tls tls) {
    return hasGroupFor(tls)
        && suites.stream()
            .anyMatch(s -> tls.suites().contains(s) && tls.versions().contains(versionOf(s)));
  }

  /** A profile that names no group promises those of its code, which need not be hybrid. */
  private boolean hasGroupFor(Profile.Tls tls) {
    if (HybridEngine.isWanted(this)) {
      return tls.groups().containsAll(HybridEngine.offered(this))
          && HybridEngine.takes(this, tls.clientKey());
    }
    return groups.isEmpty()
        || takes(tls.clientKey())
            && (tls.groups().isEmpty() || groups.stream().anyMatch(tls.groups()::contains));
  }

  /**
   * The JDK's engine, held to some groups, takes EC certificates on their curves only; and all of
   * them are signed by an authority on P-384.
   */
  private boolean takes(ClientKeyType clientKey) {
    return switch (clientKey) {
      case RSA_2048 -> true;
      case P_256 -> groups.containsAll(List.of("secp256r1", "secp384r1"));
      case P_384 -> groups.contains("secp384r1");
    };
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
