package dev.otasigner.service.listeners;

import dev.otasigner.service.ConfigurationRefused;
import dev.otasigner.service.Console;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.verifier.Digest;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.WebServerSslBundle;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/**
 * What the management port speaks: TLS 1.2 and 1.3 with suites of our choice once {@code
 * server.ssl} names a certificate; without one, plain HTTP to this machine only. An operator whose
 * proxy speaks TLS in front of it can say so, and is reminded at every start.
 */
@Component
class ManagementTls
    implements WebServerFactoryCustomizer<TomcatServletWebServerFactory>, Ordered, EndingSource {
  /** The value of {@code signer.management.plain-http} that opens the port without TLS. */
  static final String BEHIND_A_PROXY = "behind-a-tls-proxy";

  static final List<String> VERSIONS = List.of("TLSv1.3", "TLSv1.2");

  /** With forward secrecy and authenticated encryption, all of them. */
  static final List<String> SUITES =
      List.of(
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");

  private final String plain;
  private final Console console;
  private volatile List<X509Certificate> certificates = List.of();

  ManagementTls(@Value("${signer.management.plain-http}") String plain, Console console) {
    this.plain = plain;
    this.console = console;
  }

  /** After the one that reads {@code server}. */
  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE;
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    if (!plain.isEmpty() && !plain.equals("loopback-only") && !plain.equals(BEHIND_A_PROXY)) {
      throw new ConfigurationRefused(
          "signer.management.plain-http: loopback-only or " + BEHIND_A_PROXY + " is expected");
    }
    Ssl ssl = factory.getSsl();
    if (Ssl.isEnabled(ssl)) {
      restrict(ssl);
      return;
    }
    InetAddress address = factory.getAddress();
    if (address != null && address.isLoopbackAddress()) {
      return;
    }
    String where = address == null ? "every address" : address.getHostAddress();
    if (!plain.equals(BEHIND_A_PROXY)) {
      throw new ConfigurationRefused(
          "the management port would answer plain HTTP on "
              + where
              + ": set server.ssl.certificate and server.ssl.certificate-private-key, or keep"
              + " server.address at 127.0.0.1");
    }
    console.line(
        "warning: plain HTTP on "
            + where
            + ": whoever is between the proxy and this port reads passwords and tokens");
  }

  /** Algorithms of the keys that the port shows; none without TLS. */
  Set<String> keys() {
    return certificates.stream()
        .map(certificate -> certificate.getPublicKey().getAlgorithm())
        .collect(Collectors.toSet());
  }

  /** Digests of the public keys that the port shows; none without TLS. */
  Set<Digest> pins() {
    return certificates.stream()
        .map(certificate -> Digest.of(certificate.getPublicKey().getEncoded()))
        .collect(Collectors.toSet());
  }

  /** Nobody but its operator replaces the certificate of the management port. */
  @Override
  public List<Ending> endings() {
    return certificates.stream()
        .map(
            certificate ->
                new Ending(
                    "certificate of the management port "
                        + certificate.getSubjectX500Principal().getName(),
                    certificate.getNotAfter().toInstant()))
        .toList();
  }

  /** They are read once, at the start, and shown until the service ends. */
  private static List<X509Certificate> certificates(Ssl ssl) {
    List<X509Certificate> found = new ArrayList<>();
    try {
      KeyStore keys = WebServerSslBundle.get(ssl).getStores().getKeyStore();
      if (keys == null) {
        return List.of();
      }
      for (String alias : Collections.list(keys.aliases())) {
        if (keys.getCertificate(alias) instanceof X509Certificate certificate) {
          found.add(certificate);
        }
      }
    } catch (KeyStoreException e) {
      throw new IllegalStateException("a key store that was loaded", e);
    }
    return found;
  }

  private void restrict(Ssl ssl) {
    requireAmong("server.ssl.enabled-protocols", ssl.getEnabledProtocols(), VERSIONS);
    requireAmong("server.ssl.ciphers", ssl.getCiphers(), SUITES);
    if (ssl.getEnabledProtocols() == null) {
      ssl.setEnabledProtocols(VERSIONS.toArray(String[]::new));
    }
    if (ssl.getCiphers() == null) {
      ssl.setCiphers(SUITES.toArray(String[]::new));
    }
    boolean isNamed = ssl.getCertificate() != null || ssl.getKeyStore() != null;
    certificates = isNamed ? certificates(ssl) : List.of();
  }

  private static void requireAmong(
      String property, String @Nullable [] wanted, List<String> known) {
    if (wanted != null && !known.containsAll(Arrays.asList(wanted))) {
      throw new ConfigurationRefused(property + ": some of " + known + " are expected");
    }
  }
}
