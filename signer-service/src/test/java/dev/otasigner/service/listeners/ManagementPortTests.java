package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A management port with a certificate, open to other machines. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class ManagementPortTests {
  private static byte[] certificate = {};

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private ManagementTls management;
  @Autowired private Handshakes connections;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) throws Exception {
    Path data = TemporaryData.register(registry);
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair keys = generator.generateKeyPair();
    X500Name name = new X500Name("CN=localhost");
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.ONE,
            Date.from(Instant.now().minus(Duration.ofDays(1))),
            Date.from(Instant.now().plus(Duration.ofDays(2))),
            name,
            keys.getPublic());
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")));
    certificate =
        builder
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded();
    Path pem = data.resolve("tls.pem");
    Path key = data.resolve("tls-key.pem");
    write(pem, "CERTIFICATE", certificate);
    write(key, "PRIVATE KEY", keys.getPrivate().getEncoded());
    registry.add("server.address", () -> "0.0.0.0");
    registry.add("server.ssl.certificate", () -> "file:" + pem);
    registry.add("server.ssl.certificate-private-key", () -> "file:" + key);
  }

  private static void write(Path file, String what, byte[] bytes) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN "
            + what
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
            + "\n-----END "
            + what
            + "-----\n");
  }

  private static SSLContext trusting() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "it",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(certificate)));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private HttpResponse<String> get(String path) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(trusting())
        .build()
        .send(
            HttpRequest.newBuilder(URI.create("https://localhost:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private String handshake(String version, String... suites) throws Exception {
    try (SSLSocket socket =
        (SSLSocket)
            trusting()
                .getSocketFactory()
                .createSocket(
                    new Socket(InetAddress.getLoopbackAddress(), port), "localhost", port, true)) {
      socket.setSoTimeout(20_000);
      socket.setEnabledProtocols(new String[] {version});
      if (suites.length > 0) {
        socket.setEnabledCipherSuites(suites);
      }
      socket.startHandshake();
      return socket.getSession().getCipherSuite();
    }
  }

  @Test
  void speaksTlsAndSaysSo() throws Exception {
    assertThat(get("/actuator/health").statusCode()).isEqualTo(200);
    assertThat(printed.text()).contains("listening on https://localhost:" + port);
  }

  @Test
  void theEndOfItsCertificateIsKnown() {
    assertThat(management.endings())
        .singleElement()
        .satisfies(
            ending -> {
              assertThat(ending.what())
                  .isEqualTo("certificate of the management port CN=localhost");
              assertThat(ending.at())
                  .isBetween(
                      Instant.now().plus(Duration.ofDays(1)),
                      Instant.now().plus(Duration.ofDays(2)));
            });
  }

  @Test
  void everyAnswerAsksForTlsFromNowOn() throws Exception {
    for (String path : new String[] {"/actuator/health", "/api/v1/whoami", "/nothing"}) {
      assertThat(get(path).headers().allValues("Strict-Transport-Security"))
          .as(path)
          .containsExactly("max-age=31536000");
    }
  }

  @Test
  void plainHttpIsNotAnswered() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write("GET /actuator/health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(answer).doesNotContain(" 200").doesNotContain("UP");
    }
  }

  @Test
  void bothVersionsAreSpokenWithSuitesOfTheList() throws Exception {
    assertThat(handshake("TLSv1.3")).isIn(ManagementTls.SUITES);
    assertThat(handshake("TLSv1.2")).isIn(ManagementTls.SUITES);
  }

  /** Its key is EC: suites for RSA are configured, and agreed on with nobody. */
  @Test
  void theReportTellsWhatItReallyAgreesOn() throws Exception {
    HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build();
    String report =
        Admin.over(client, "https://localhost:" + port)
            .signInAnew("admin", printed.password())
            .get("/api/v1/reports/network")
            .expect(200)
            .text();
    Matcher row =
        Pattern.compile(
                "\"management\",\"all\",\"" + port + "\",\"[^\"]*\",\"([^\"]*)\",\"([^\"]*)\"")
            .matcher(report);
    assertThat(row.find()).as(report).isTrue();
    assertThat(row.group(1).split(", ", -1)).containsExactlyInAnyOrder("TLSv1.3", "TLSv1.2");
    assertThat(row.group(2).split(", ", -1))
        .containsExactlyInAnyOrderElementsOf(TlsTrial.of("127.0.0.1", port))
        .noneMatch(suite -> suite.contains("_RSA_"));
  }

  /** Counted by listener, result, version, suite and group, in the scrape that Prometheus gets. */
  @Test
  void handshakesAreCounted() throws Exception {
    String done =
        "group=\"x25519\",listener=\"management\",result=\"done\","
            + "suite=\"TLS_AES_128_GCM_SHA256\",version=\"TLSv1.3\"";
    String failed =
        "group=\"-\",listener=\"management\",result=\"failed\",suite=\"-\",version=\"-\"";
    double doneBefore = handshakes(done);
    double failedBefore = handshakes(failed);
    handshake("TLSv1.3", "TLS_AES_128_GCM_SHA256");
    assertThatThrownBy(() -> handshake("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"))
        .isInstanceOf(SSLException.class);
    assertThat(handshakes(done)).isEqualTo(doneBefore + 1);
    assertThat(handshakes(failed)).isEqualTo(failedBefore + 1);
    assertThat(connections.agreedOn("management"))
        .extracting(row -> row.get(0) + " " + row.get(1))
        .contains("TLSv1.3 TLS_AES_128_GCM_SHA256");
  }

  private double handshakes(String labels) throws Exception {
    HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build();
    String text =
        Admin.over(client, "https://localhost:" + port)
            .signInAnew("admin", printed.password())
            .get("/actuator/prometheus")
            .expect(200)
            .text();
    assertThat(text).containsPattern("(?m)^signer_management_certificate_expiry_seconds [1-9]");
    return Pattern.compile(
            "(?m)^signer_tls_handshakes_total\\{" + Pattern.quote(labels) + "} (\\S+)$")
        .matcher(text)
        .results()
        .mapToDouble(line -> Double.parseDouble(line.group(1)))
        .sum();
  }

  @Test
  void suiteWithoutAuthenticatedEncryptionIsRefused() {
    assertThatThrownBy(() -> handshake("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"))
        .isInstanceOf(SSLException.class);
  }
}
