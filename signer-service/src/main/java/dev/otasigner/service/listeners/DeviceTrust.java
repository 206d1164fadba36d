package dev.otasigner.service.listeners;

import dev.otasigner.verifier.Digest;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets in certificates that the device authorities issued. One that has expired is let in for
 * {@link #RENEWABLE} more, so that its device can renew; whoever serves a request checks the date
 * again, for sessions outlive certificates.
 */
public final class DeviceTrust extends X509ExtendedTrustManager {
  /** How long after its end a certificate still renews itself. */
  public static final Duration RENEWABLE = Duration.ofDays(180);

  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final List<X509Certificate> authorities;
  private final Clock clock;
  private final Issued issued = new Issued();

  /**
   * Certificates that were found to be issued by the authorities, the latest used: a device comes
   * again and again, and its authority's signature stays what it was.
   */
  private static final class Issued {
    private static final int KEPT = 10_000;
    private final Map<Digest, Boolean> digests =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Digest, Boolean> eldest) {
            return size() > KEPT;
          }
        };

    synchronized boolean contains(Digest digest) {
      return digests.get(digest) != null;
    }

    synchronized void add(Digest digest) {
      digests.put(digest, true);
    }
  }

  public DeviceTrust(List<X509Certificate> authorities, Clock clock) {
    this.authorities = List.copyOf(authorities);
    this.clock = clock;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    if (chain == null || chain.length == 0) {
      throw new CertificateException("no certificate");
    }
    // What the device sends beyond its own certificate is not needed: the authorities are known.
    X509Certificate leaf = chain[0];
    Instant now = clock.instant();
    Instant end = leaf.getNotAfter().toInstant();
    if (end.plus(RENEWABLE).isBefore(now)) {
      throw new CertificateExpiredException("expired at " + end + ", too long ago to renew");
    }
    if (leaf.getNotBefore().toInstant().isAfter(now)) {
      throw new CertificateNotYetValidException("not valid before " + leaf.getNotBefore());
    }
    Digest digest = Digest.of(leaf.getEncoded());
    if (!issued.contains(digest)) {
      requireIssued(leaf, end.isBefore(now) ? end.minusSeconds(1) : now);
      issued.add(digest);
    }
  }

  /** What the bytes of a certificate say for good; its dates are the caller's to look at. */
  private void requireIssued(X509Certificate leaf, Instant at) throws CertificateException {
    if (leaf.getExtendedKeyUsage() == null || !leaf.getExtendedKeyUsage().contains(CLIENT_AUTH)) {
      throw new CertificateException("not a certificate for clients");
    }
    try {
      PKIXParameters parameters =
          new PKIXParameters(
              authorities.stream().map(a -> new TrustAnchor(a, null)).collect(Collectors.toSet()));
      parameters.setRevocationEnabled(false); // a device is locked out by its record, not by a list
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(leaf)), parameters);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("not issued by an authority for devices", e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.toArray(X509Certificate[]::new);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("this side trusts no server");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("this side trusts no server");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("this side trusts no server");
  }
}
