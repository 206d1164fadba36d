package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.fleet.FleetFixture;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is done to one listener is nothing to those who are being served by another. */
@ServiceTest
class UndisturbedTests {
  private static final String PRODUCT = "undisturbed";
  private static final int CHUNKS = 16;
  private static final int CHUNK = 2 * 1024 * 1024;
  private static final String TLS13 =
      "'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'";
  private static final String TLS12 =
      "'versions':['TLSv1.2'],'suites':['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],"
          + "'serverKey':'rsa-2048'";
  private static final String HYBRID =
      TLS13.replace("'serverKey'", "'groups':['X25519MLKEM768'],'serverKey'");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  /** A download that is longer than the buffers of both ends, read a chunk at a time. */
  private static final class Download implements AutoCloseable {
    private final SSLSocket socket;
    private final DataInputStream in;
    private int read;

    Download(int listener) throws Exception {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Anything()}, new SecureRandom());
      socket =
          (SSLSocket)
              context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), listener);
      socket.setSoTimeout(20_000);
      socket.setReceiveBufferSize(64 * 1024);
      socket
          .getOutputStream()
          .write(
              ("GET /device/v1/factory/"
                      + PRODUCT
                      + "/34.11/board/image HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      in = new DataInputStream(socket.getInputStream());
      int last = 0;
      while (last != 0x0d0a0d0a) {
        last = last << 8 | in.readUnsignedByte();
      }
    }

    X509Certificate server() throws IOException {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }

    void chunk() throws IOException {
      byte[] chunk = new byte[CHUNK];
      in.readFully(chunk);
      for (int i = 0; i < CHUNK; i += 4096) {
        assertThat(chunk[i]).isEqualTo((byte) read);
      }
      read++;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static final class Anything implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
      throw new AssertionError();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
      // Looked at by the test.
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static byte[] image() {
    byte[] image = new byte[CHUNKS * CHUNK];
    for (int i = 0; i < CHUNKS; i++) {
      java.util.Arrays.fill(image, i * CHUNK, (i + 1) * CHUNK, (byte) i);
    }
    return image;
  }

  @Test
  void downloadsGoOnWhileOtherListenersAreOpenedClosedAndCertifiedAnew() throws Exception {
    jdbc.sql("delete from fleet_device").update();
    Admin admin = Admin.withEveryRole(port, printed.password());
    FleetFixture.product(admin, factory, PRODUCT);
    factory.image(PRODUCT, image());
    int first = FleetFixture.listener(admin, "undisturbed-12", "enrol", TLS12);
    int second = FleetFixture.listener(admin, "undisturbed-13", "enrol", TLS13);
    List<X509Certificate> shown = new ArrayList<>();
    try (Download one = new Download(first);
        Download two = new Download(second)) {
      X509Certificate before = one.server();
      for (int i = 0; i < CHUNKS; i++) {
        one.chunk();
        two.chunk();
        String name = "passing" + i;
        int passing = FleetFixture.listener(admin, name, "enrol", i % 2 == 0 ? TLS12 : HYBRID);
        if (i % 2 == 0) {
          try (Download other = new Download(passing)) {
            other.chunk();
            shown.add(other.server());
            // Over two thirds of its life, a certificate is replaced at the next handshake.
            clock.advance(Duration.ofDays(61));
            try (Download again = new Download(passing);
                Download anew = new Download(first)) {
              shown.add(again.server());
              assertThat(anew.server()).isNotEqualTo(before);
            }
            clock.reset();
          }
        }
        admin.post("/api/v1/listeners/" + name + "/close", "{}").expect(200);
      }
      assertThat(one.read).isEqualTo(CHUNKS);
      assertThat(two.read).isEqualTo(CHUNKS);
    }
    assertThat(shown).doesNotHaveDuplicates().hasSize(CHUNKS);
  }
}
