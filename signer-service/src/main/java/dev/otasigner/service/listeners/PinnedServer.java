package dev.otasigner.service.listeners;

import dev.otasigner.verifier.Digest;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a server as devices do: a chain to a pinned authority, and a certificate that is valid now
 * and names the host that was dialled.
 */
final class PinnedServer extends X509ExtendedTrustManager {
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  private final Set<Digest> anchors;
  private final String host;
  private final Instant now;
  private volatile boolean trusted;
  private volatile Optional<String> refusal = Optional.empty();

  PinnedServer(Set<Digest> anchors, String host, Instant now) {
    this.anchors = Set.copyOf(anchors);
    this.host = host;
    this.now = now;
  }

  /** Whether a chain was shown that is trusted. */
  boolean hasTrusted() {
    return trusted;
  }

  /** Why the chain that was shown is not. */
  Optional<String> refusal() {
    return refusal;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    try {
      requireTrusted(chain);
      trusted = true;
    } catch (CertificateException e) {
      refusal = Optional.of(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void requireTrusted(X509Certificate[] chain) throws CertificateException {
    int anchor = 0;
    while (anchor < chain.length
        && !anchors.contains(Digest.of(chain[anchor].getPublicKey().getEncoded()))) {
      anchor++;
    }
    if (anchor == chain.length) {
      throw new CertificateException(
          "no authority pinned by the profile vouches for "
              + chain[0].getSubjectX500Principal().getName());
    }
    chain[0].checkValidity(Date.from(now));
    if (anchor > 0) {
      requirePath(chain, anchor);
    }
    List<String> usages = chain[0].getExtendedKeyUsage();
    if (usages != null && !usages.contains(SERVER_AUTH)) {
      throw new CertificateException("the certificate is not for a server");
    }
    if (!isNamed(chain[0])) {
      throw new CertificateException("the certificate does not name " + host);
    }
  }

  private void requirePath(X509Certificate[] chain, int anchor) throws CertificateException {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(chain[anchor], null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509")
                  .generateCertPath(Arrays.asList(chain).subList(0, anchor)),
              parameters);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("server certificate: " + e.getMessage(), e);
    }
  }

  private boolean isNamed(X509Certificate server) throws CertificateException {
    Collection<List<?>> names = server.getSubjectAlternativeNames();
    if (names == null) {
      return false;
    }
    for (List<?> name : names) {
      Object type = name.get(0);
      String value = String.valueOf(name.get(1));
      if (type.equals(DNS_NAME)
              && value.toLowerCase(Locale.ROOT).equals(host.toLowerCase(Locale.ROOT))
          || type.equals(IP_ADDRESS) && isSameAddress(value)) {
        return true;
      }
    }
    return false;
  }

  /** Nothing is looked up: only a host that is an address already is compared. */
  private boolean isSameAddress(String value) {
    boolean isAddress =
        host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || c >= '0' && c <= '9');
    try {
      return isAddress && InetAddress.getByName(value).equals(InetAddress.getByName(host));
    } catch (UnknownHostException e) {
      return false;
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("this side accepts no connections");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    throw new CertificateException("this side accepts no connections");
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this side accepts no connections");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
