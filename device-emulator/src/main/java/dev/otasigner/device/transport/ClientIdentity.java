package dev.otasigner.device.transport;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The one key and certificate that a device authenticates with. */
public final class ClientIdentity {
  private final PrivateKey key;
  private final List<X509Certificate> chain;

  /**
   * @param chain the device's certificate first
   */
  public ClientIdentity(PrivateKey key, List<X509Certificate> chain) {
    this.key = key;
    this.chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("an identity has a certificate");
    }
  }

  public X509Certificate certificate() {
    return chain.get(0);
  }

  /** The device's certificate first. */
  public List<X509Certificate> chain() {
    return chain;
  }

  /** For the store it is kept in. */
  public PrivateKey privateKey() {
    return key;
  }

  @Override
  public String toString() {
    return "identity with certificate " + certificate().getSerialNumber().toString(16);
  }

  /** Offers the identity whatever authorities the server names: a device has no other. */
  X509ExtendedKeyManager keyManager() {
    return new OwnKey();
  }

  private final class OwnKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "device";

    /** Bouncy Castle names the curve too, as in {@code EC/secp384r1}. */
    private boolean isFor(String keyType) {
      return keyType.equals(key.getAlgorithm())
          || certificate().getPublicKey() instanceof ECPublicKey ec
              && keyType.equals("EC/secp" + fieldBits(ec) + "r1");
    }

    private static int fieldBits(ECPublicKey key) {
      return key.getParams().getCurve().getField().getFieldSize();
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return isFor(keyType) ? new String[] {ALIAS} : null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return Arrays.stream(keyTypes).anyMatch(this::isFor) ? ALIAS : null;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return chooseClientAlias(keyTypes, issuers, null);
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain.toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }
}
