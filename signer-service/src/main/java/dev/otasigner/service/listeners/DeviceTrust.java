package dev.otasigner.service.listeners;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
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
    if (leaf.getExtendedKeyUsage() == null || !leaf.getExtendedKeyUsage().contains(CLIENT_AUTH)) {
      throw new CertificateException("not a certificate for clients");
    }
    try {
      PKIXParameters parameters =
          new PKIXParameters(
              authorities.stream().map(a -> new TrustAnchor(a, null)).collect(Collectors.toSet()));
      parameters.setRevocationEnabled(false); // a device is locked out by its record, not by a list
      parameters.setDate(Date.from(end.isBefore(now) ? end.minusSeconds(1) : now));
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
