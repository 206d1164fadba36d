package dev.otasigner.service.listeners;

import dev.otasigner.verifier.device.ClientKeyType;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLEngine;
import org.bouncycastle.jsse.BCSSLParameters;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;

/**
 * TLS by Bouncy Castle, for the group that the JDK does not have: X25519 and ML-KEM-768 together.
 * Its engines tie an ECDSA certificate to a classical group of the same curve. So the listener with
 * a P-384 key offers secp384r1 as well, and {@link CountedEngine} refuses whoever would agree on
 * it.
 */
final class HybridEngine {
  /** By its standard name; draft-ietf-tls-ecdhe-mlkem. */
  static final String GROUP = "X25519MLKEM768";

  private static final String BESIDE_ECDSA = "secp384r1";

  private HybridEngine() {}

  static boolean isWanted(TlsPolicy policy) {
    return policy.groups().contains(GROUP);
  }

  /** A context that is not initialised yet; no provider is registered with the JVM for it. */
  static SSLContext context() throws NoSuchAlgorithmException {
    return SSLContext.getInstance("TLS", new BouncyCastleJsseProvider(new BouncyCastleProvider()));
  }

  /** The groups that a peer must offer for the policy's certificate to be of use. */
  static List<String> offered(TlsPolicy policy) {
    return policy.serverKey() == ClientKeyType.RSA_2048
        ? List.of(GROUP)
        : List.of(GROUP, BESIDE_ECDSA);
  }

  /** Whether a client's key can sign under the groups offered. */
  static boolean takes(TlsPolicy policy, ClientKeyType clientKey) {
    return clientKey == ClientKeyType.RSA_2048
        || clientKey == ClientKeyType.P_384 && policy.serverKey() == ClientKeyType.P_384;
  }

  /** Tomcat replaces an engine's parameters by the JDK's, which know nothing of the group. */
  static CountedEngine.Demands demands(TlsPolicy policy) {
    String[] offered = offered(policy).toArray(String[]::new);
    Consumer<SSLEngine> settings =
        engine -> {
          BCSSLEngine bouncy = (BCSSLEngine) engine;
          BCSSLParameters parameters = bouncy.getParameters();
          parameters.setNamedGroups(offered);
          bouncy.setParameters(parameters);
        };
    return new CountedEngine.Demands(Set.of(GROUP), settings);
  }
}
