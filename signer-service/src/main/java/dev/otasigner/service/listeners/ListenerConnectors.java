package dev.otasigner.service.listeners;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.authority.AuthorityKeyType;
import dev.otasigner.service.authority.AuthorityKind;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Service;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Turns a listener into a Tomcat connector. */
@Component
class ListenerConnectors {
  private static final int MAX_HEADER_BYTES = 8 * 1024;
  private static final int MAX_THREADS = 32;
  private static final int MAX_CONNECTIONS = 2_000;
  private static final int IDLE_MILLIS = 15_000;

  private final Authorities authorities;
  private final AuditLog audit;
  private final Handshakes handshakes;
  private final SessionLimits sessions;
  private final Clock clock;
  private final String address;
  private final ServerNames names;

  ListenerConnectors(
      Authorities authorities,
      AuditLog audit,
      Handshakes handshakes,
      SessionLimits sessions,
      Clock clock,
      @Value("${signer.listeners.address}") String address,
      @Value("${signer.listeners.names}") List<String> names) {
    this.authorities = authorities;
    this.audit = audit;
    this.handshakes = handshakes;
    this.sessions = sessions;
    this.clock = clock;
    this.address = address;
    this.names = new ServerNames(names);
  }

  /** A connector, not yet bound. */
  Connector connector(ListenerSpec spec, int boundPort) {
    Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
    connector.setPort(boundPort);
    connector.setScheme("https");
    connector.setSecure(true);
    connector.setThrowOnFailure(true);
    connector.setXpoweredBy(false);
    connector.setMaxPostSize(0);
    connector.setProperty("SSLEnabled", "true");
    Http11NioProtocol protocol = (Http11NioProtocol) connector.getProtocolHandler();
    protocol.setSslImplementationName(TlsFacts.class.getName());
    protocol.setAddress(address());
    protocol.setMaxThreads(MAX_THREADS);
    protocol.setMinSpareThreads(1);
    protocol.setMaxConnections(MAX_CONNECTIONS);
    protocol.setMaxHttpRequestHeaderSize(MAX_HEADER_BYTES);
    protocol.setConnectionTimeout(IDLE_MILLIS);
    protocol.setKeepAliveTimeout(IDLE_MILLIS);
    protocol.addSslHostConfig(tls(spec));
    return connector;
  }

  /** What the certificates are made out to. */
  ServerNames names() {
    return names;
  }

  /** What devices pin of the authority that vouches for a listener's key. */
  Digest serverAuthority(ClientKeyType serverKey) {
    return authorities
        .authority(AuthorityKind.SERVER, AuthorityKeyType.forKey(serverKey))
        .key()
        .keyId();
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("signer.listeners.address: " + address + " is unknown", e);
    }
  }

  private SSLHostConfig tls(ListenerSpec spec) {
    TlsPolicy policy = spec.tls();
    SSLHostConfig config = new SSLHostConfig();
    config.setProtocols(policy.versions().stream().map(v -> "+" + v).collect(Collectors.joining()));
    // Tomcat offers the union of both lists, and each has a default that is longer than any policy:
    // both are always set. Of a version that is not enabled any suite will do.
    config.setCiphers(
        orElse(policy.suitesOf(TlsPolicy.TLS_1_2), "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
    config.setCipherSuites(orElse(policy.suitesOf(TlsPolicy.TLS_1_3), "TLS_AES_256_GCM_SHA384"));
    config.setHonorCipherOrder(true);
    config.setDisableSessionTickets(false);
    config.setCertificateVerification(spec.kind() == ListenerKind.DEVICE ? "required" : "none");
    SSLHostConfigCertificate certificate =
        new SSLHostConfigCertificate(config, SSLHostConfigCertificate.Type.UNDEFINED);
    List<X509Certificate> devices =
        authorities.authorities(AuthorityKind.DEVICE).stream()
            .map(Authorities.Authority::certificate)
            .toList();
    certificate.setSslContext(
        new ListenerContext(
            new ServerLeaf(policy.serverKey(), names, authorities, audit, clock),
            new DeviceTrust(devices, clock),
            spec,
            sessions,
            handshakes));
    config.addCertificate(certificate);
    return config;
  }

  private static String orElse(List<String> suites, String other) {
    return suites.isEmpty() ? other : String.join(":", suites);
  }

  /** Binds the port; what is wrong with it is the caller's to hear. */
  static void start(Service service, Connector connector) {
    try {
      service.addConnector(connector);
    } catch (IllegalArgumentException e) {
      stop(service, connector);
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw SignerException.conflict(
          "port " + connector.getPort() + " can not be opened: " + cause.getMessage());
    }
  }

  /** Takes no new connections, ends those that are idle, and frees the port. */
  static void stop(Service service, Connector connector) {
    service.removeConnector(connector);
    try {
      connector.destroy();
    } catch (LifecycleException e) {
      throw new IllegalStateException("connector " + connector + " does not end", e);
    }
  }
}
