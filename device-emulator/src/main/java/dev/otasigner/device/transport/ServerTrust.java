package dev.otasigner.device.transport;

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
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a server whose chain leads to a pinned authority and whose certificate names the host that
 * was dialled in its subjectAltName. The common name counts for nothing.
 */
final class ServerTrust extends X509ExtendedTrustManager {
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String ANY_USAGE = "2.5.29.37.0";

  private final Set<Digest> anchors;
  private final String host;
  private final Instant now;
  private final boolean clockRuns;

  /**
   * @param clockRuns false when {@code now} is only the earliest time it can be
   */
  ServerTrust(Set<Digest> anchors, String host, Instant now, boolean clockRuns) {
    this.anchors = anchors;
    this.host = host;
    this.now = now;
    this.clockRuns = clockRuns;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    int anchor = indexOfAnchor(chain);
    if (anchor < 0) {
      throw new CertificateException("no authority pinned by the profile vouches for " + host);
    }
    Instant at = time(chain);
    chain[0].checkValidity(Date.from(at));
    if (anchor > 0) {
      checkPath(chain, anchor, at);
    }
    checkUsage(chain[0]);
    checkName(chain[0]);
  }

  /** The pinned key's place in the chain; 0 is the server's own certificate. */
  private int indexOfAnchor(X509Certificate[] chain) {
    for (int i = 0; i < chain.length; i++) {
      if (anchors.contains(Digest.of(chain[i].getPublicKey().getEncoded()))) {
        return i;
      }
    }
    return -1;
  }

  /**
   * A device without a running clock knows only a floor: for it, a certificate that begins later
   * has begun, and one that ended before the floor has ended.
   */
  private Instant time(X509Certificate[] chain) {
    Instant at = now;
    if (!clockRuns) {
      for (X509Certificate certificate : chain) {
        Instant begins = certificate.getNotBefore().toInstant();
        at = begins.isAfter(at) ? begins : at;
      }
    }
    return at;
  }

  private static void checkPath(X509Certificate[] chain, int anchor, Instant at)
      throws CertificateException {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(chain[anchor], null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      List<X509Certificate> below = Arrays.asList(chain).subList(0, anchor);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(below), parameters);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("server certificate: " + e.getMessage(), e);
    }
  }

  private static void checkUsage(X509Certificate server) throws CertificateException {
    List<String> usages = server.getExtendedKeyUsage();
    if (usages != null && !usages.contains(SERVER_AUTH) && !usages.contains(ANY_USAGE)) {
      throw new CertificateException("certificate is not for a server");
    }
  }

  private void checkName(X509Certificate server) throws CertificateException {
    Collection<List<?>> names = server.getSubjectAlternativeNames();
    if (names != null) {
      for (List<?> name : names) {
        if (matches((Integer) name.get(0), name.get(1))) {
          return;
        }
      }
    }
    throw new CertificateException("certificate does not name " + host);
  }

  private boolean matches(int type, Object value) throws CertificateException {
    if (type == DNS_NAME) {
      return value.toString().toLowerCase(Locale.ROOT).equals(host.toLowerCase(Locale.ROOT));
    }
    if (type == IP_ADDRESS && isAddress(host)) {
      try {
        return InetAddress.getByName(value.toString()).equals(InetAddress.getByName(host));
      } catch (UnknownHostException e) {
        throw new CertificateException("certificate with an address that is none", e);
      }
    }
    return false;
  }

  /** Whether the host is an address already, so that nothing is looked up. */
  private static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || c >= '0' && c <= '9');
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
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    throw new CertificateException("a device accepts no connections");
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("a device accepts no connections");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a device accepts no connections");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
