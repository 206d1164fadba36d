package dev.otasigner.service.listeners;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.apache.catalina.connector.Connector;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.WebServerSslBundle;
import org.springframework.core.Ordered;
import org.springframework.stereotype.Component;

/** Counts the handshakes of the management port, and how long its certificate is still good. */
@Component
class ManagementWatch
    implements WebServerFactoryCustomizer<TomcatServletWebServerFactory>, Ordered, MetricSource {
  private final Handshakes handshakes;
  private final ManagementTls tls;
  private final Clock clock;

  ManagementWatch(Handshakes handshakes, ManagementTls tls, Clock clock) {
    this.handshakes = handshakes;
    this.tls = tls;
    this.clock = clock;
  }

  /** After the one that reads {@code server}. */
  @Override
  public int getOrder() {
    return Ordered.LOWEST_PRECEDENCE;
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    Ssl ssl = factory.getSsl();
    if (Ssl.isEnabled(ssl)) {
      SslBundle bundle = WebServerSslBundle.get(ssl);
      factory.addConnectorCustomizers(connector -> count(connector, bundle));
    }
  }

  /** Versions, suites and whether clients show certificates stay as Spring Boot has set them. */
  private void count(Connector connector, SslBundle bundle) {
    for (SSLHostConfig config : connector.findSslHostConfigs()) {
      for (SSLHostConfigCertificate certificate : config.getCertificates()) {
        certificate.setSslContext(new ManagementContext(bundle.createSslContext(), handshakes));
      }
    }
  }

  @Override
  public List<Reading> readings() {
    return tls.endings().stream()
        .map(Ending::at)
        .min(Comparator.naturalOrder())
        .map(end -> Duration.between(clock.instant(), end).toSeconds())
        .map(left -> List.of(Reading.of(Metric.MANAGEMENT_CERTIFICATE_EXPIRY, left)))
        .orElse(List.of());
  }
}
