package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.listeners.HandshakeTrial.Outcome;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Rule;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A handshake is begun as a device would, and goes as far as it can without its certificate. */
class HandshakeTrialTests {
  private static final String HERE = "127.0.0.1";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final Digest NOBODY = Digest.of(new byte[1]);

  private static Profile profile(
      String version, String suite, List<String> groups, Digest anchor, int port) {
    return new Profile(
        Bytes.copyOf(new byte[0]),
        Set.of(),
        new Rule.Key(NOBODY),
        List.of(),
        new Profile.Newer(Set.of(), Map.of()),
        new Profile.Lineage("main", NOBODY, Optional.empty()),
        112,
        new Profile.Tls(
            List.of(version), List.of(suite), groups, List.of(anchor), ClientKeyType.RSA_2048),
        List.of(HERE),
        List.of(port));
  }

  private static Outcome at(int port, Profile profile) {
    return HandshakeTrial.of(profile, HERE, port, port, Instant.now());
  }

  private static Outcome with(Terminator server, String version, String suite, Digest anchor) {
    return at(server.port(), profile(version, suite, List.of(), anchor, server.port()));
  }

  @Test
  void whoeverAsksForACertificateUnderAPinIsReached() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", true)) {
      assertThat(with(server, "TLSv1.3", GCM, server.anchor()).reached()).isTrue();
    }
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.2", true)) {
      assertThat(with(server, "TLSv1.2", CBC, server.anchor()).reached()).isTrue();
    }
  }

  @Test
  void whoeverSpeaksAnotherVersionOrSuiteIsNot() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", true)) {
      assertThat(with(server, "TLSv1.2", CBC, server.anchor()).reason()).isEqualTo("tls-refused");
    }
  }

  @Test
  void whoeverShowsAnotherCertificateIsNot() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", true)) {
      Outcome outcome = with(server, "TLSv1.3", GCM, NOBODY);
      assertThat(outcome.reason()).isEqualTo("server-not-trusted");
      assertThat(outcome.detail()).contains("no authority pinned by the profile vouches for");
    }
  }

  @Test
  void aCertificateOfAnotherNameOrThatHasEndedIsNotTrusted() throws Exception {
    try (Terminator server = new Terminator("127.0.0.2", 0, "TLSv1.3", true)) {
      Profile profile = profile("TLSv1.3", GCM, List.of(), server.anchor(), server.port());
      Instant later = Instant.now().plus(Duration.ofDays(3));
      assertThat(
              HandshakeTrial.of(profile, "127.0.0.2", server.port(), server.port(), later).reason())
          .isEqualTo("server-not-trusted");
    }
    try (Terminator server = new Terminator("0.0.0.0", 0, "TLSv1.3", true)) {
      assertThat(with(server, "TLSv1.3", GCM, server.anchor()).detail())
          .isEqualTo("the certificate does not name " + HERE);
    }
  }

  @Test
  void whoeverAsksForNoCertificateIsNoListenerOfOurs() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", false)) {
      assertThat(with(server, "TLSv1.3", GCM, server.anchor()).reason())
          .isEqualTo("no-certificate-asked");
    }
  }

  @Test
  void groupsAreThoseOfTheProfile() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", true)) {
      for (String group : List.of("secp384r1", "x25519")) {
        Profile one = profile("TLSv1.3", GCM, List.of(group), server.anchor(), server.port());
        assertThat(at(server.port(), one).reached()).as(group).isTrue();
      }
      Profile hybrid =
          profile("TLSv1.3", GCM, List.of("X25519MLKEM768"), server.anchor(), server.port());
      assertThat(at(server.port(), hybrid).reason()).isIn("tls-refused", "group-not-listed");
    }
  }

  @Test
  void aClosedPortIsNoConnection() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    assertThat(at(port, profile("TLSv1.3", GCM, List.of(), NOBODY, port)).reason())
        .isEqualTo("no-connection");
  }

  @Test
  void whateverIsNoTlsIsRefused() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread thread = new Thread(() -> greet(server), "no-tls");
      thread.start();
      int port = server.getLocalPort();
      assertThat(at(port, profile("TLSv1.3", GCM, List.of(), NOBODY, port)).reason())
          .isEqualTo("tls-refused");
      thread.join();
    }
  }

  private static void greet(ServerSocket server) {
    try (Socket socket = server.accept()) {
      socket.getOutputStream().write("220 mail.example.com\r\n".getBytes(StandardCharsets.UTF_8));
      socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      // The caller hangs up.
    }
  }

  @Test
  void whoeverIsSilentIsGivenUp() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      int port = server.getLocalPort();
      assertThat(at(port, profile("TLSv1.3", GCM, List.of(), NOBODY, port)).reason())
          .isEqualTo("timed-out");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "fd00:ec2::254",
        "100.100.100.200"
      })
  void whereNobodyShouldBeCalledIsNotTried(String host) {
    Profile profile = profile("TLSv1.3", GCM, List.of(), NOBODY, 443);
    assertThat(HandshakeTrial.of(profile, host, 443, 443, Instant.now()).reason())
        .isEqualTo("address-refused");
  }

  @Test
  void aNameWithoutAnAddressIsSaidToHaveNone() {
    Profile profile = profile("TLSv1.3", GCM, List.of(), NOBODY, 443);
    assertThat(HandshakeTrial.of(profile, "nowhere.invalid", 443, 443, Instant.now()).reason())
        .isEqualTo("unknown-host");
  }

  @Test
  void whatTheServiceDoesNotSpeakItDoesNotClaimToHaveTried() throws Exception {
    try (Terminator server = new Terminator(HERE, 0, "TLSv1.3", true)) {
      assertThat(with(server, "TLSv1.3", "TLS_OF_TOMORROW", server.anchor()).reason())
          .isEqualTo("not-spoken-here");
    }
  }
}
