package dev.otasigner.device.transport;

import static dev.otasigner.device.transport.TestUplink.CBC;
import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.P384;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.RSA_KEYS;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.modern;
import static dev.otasigner.device.transport.TestUplink.modernPolicy;
import static dev.otasigner.device.transport.TestUplink.p384Device;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.serving;
import static dev.otasigner.device.transport.TestUplink.text;
import static dev.otasigner.device.transport.TestUplink.uplink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import dev.otasigner.device.testing.TestServer.Tls;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UplinkTests {
  @Test
  void speaksTls12CbcWithAnRsaCertificate() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().protocol()).isEqualTo("TLSv1.2");
      assertThat(uplink.negotiated().orElseThrow().suite()).isEqualTo(CBC);
    }
  }

  @Test
  void speaksTls13WithP384OnBothSides() throws IOException {
    try (TestServer server = TestServer.start(modern(), HELLO);
        Uplink uplink = uplink(modernPolicy(), p384Device(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().toString())
          .isEqualTo("TLSv1.3 TLS_AES_256_GCM_SHA384 x25519");
    }
  }

  @Test
  void rsaCertificateIsGoodForARenewalOverTls13() throws IOException {
    try (TestServer server = TestServer.start(modern(), HELLO);
        Uplink uplink = uplink(modernPolicy(), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void profileOfAnotherTimeDoesNotConnect() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(modernPolicy(), p384Device(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void serverOfAnotherAuthorityIsNotTrusted() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(P384), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("no authority pinned by the profile");
    }
  }

  @Test
  void certificateMustBeSignedByThePinnedAuthorityItComesWith() throws IOException {
    TestAuthority impostor = TestAuthority.rsa();
    X509Certificate leaf = impostor.server(RSA_KEYS.getPublic());
    Tls tls =
        new Tls(
            RSA_KEYS,
            List.of(leaf, RSA.certificate()),
            List.of(),
            List.of("TLSv1.2"),
            List.of(CBC));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void certificateMustNameTheHost() throws IOException {
    X509Certificate other = RSA.server(RSA_KEYS.getPublic(), "elsewhere.example");
    try (TestServer server = TestServer.start(serving(other), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), Optional.empty(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("does not name");
    }
  }

  @Test
  void serverCertificateThatEndedIsRefused() throws IOException {
    Instant later = Instant.parse("2090-01-01T00:00:00Z");
    Tls tls = serving(RSA.server(RSA_KEYS.getPublic()));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), Optional.empty(), later, true, server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void deviceWithoutAClockTakesACertificateThatBeginsAfterItsFloor() throws IOException {
    Instant floor = Instant.parse("2019-01-01T00:00:00Z");
    Tls tls = serving(RSA.server(RSA_KEYS.getPublic()));
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink without = uplink(legacyPolicy(RSA), Optional.empty(), floor, false, server.port());
        Uplink with = uplink(legacyPolicy(RSA), Optional.empty(), floor, true, server.port())) {
      assertThat(text(without.get("/x", 100))).isEqualTo("hello");
      assertThatThrownBy(() -> with.get("/x", 100)).isInstanceOf(UnreachableException.class);
    }
  }

  @Test
  void connectionIsKeptBetweenRequestsAndDialledAgainWhenTheServerClosedIt() throws IOException {
    int[] count = {0};
    Answer closesEveryThird = (request, out) -> HELLO.write(request, out) && ++count[0] % 3 != 0;
    try (TestServer server = TestServer.start(legacy(), closesEveryThird);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      for (int i = 0; i < 7; i++) {
        assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      }
      assertThat(server.connections()).isEqualTo(3);
    }
  }

  @Test
  void portsAreTriedInOrderAndTheWorkingOneIsRemembered() throws IOException {
    int dead;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = closed.getLocalPort();
    }
    Answer closes =
        (request, out) -> {
          HELLO.write(request, out);
          return false;
        };
    try (TestServer server = TestServer.start(legacy(), closes);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), dead, server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThat(uplink.negotiated().orElseThrow().address().getPort()).isEqualTo(server.port());
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void nobodyThereIsUnreachable() throws IOException {
    int dead;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = closed.getLocalPort();
    }
    try (Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), dead)) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContaining("localhost:" + dead);
    }
  }

  @Test
  void pinIsTheDigestOfTheAuthoritysPublicKey() {
    assertThat(RSA.spkiDigest())
        .isEqualTo(Digest.of(RSA.certificate().getPublicKey().getEncoded()));
  }
}
