package dev.otasigner.device.transport;

import static dev.otasigner.device.transport.TestUplink.CBC;
import static dev.otasigner.device.transport.TestUplink.NOW;
import static dev.otasigner.device.transport.TestUplink.P384;
import static dev.otasigner.device.transport.TestUplink.P384_KEYS;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.RSA_KEYS;
import static dev.otasigner.device.transport.TestUplink.p384Device;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.Peer;
import dev.otasigner.device.testing.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the server of openssl, which says itself what was negotiated. */
class OpensslPeerTests {
  private static final String GCM = "TLS_AES_256_GCM_SHA384";

  @TempDir private Path dir;

  private final List<Peer> peers = new ArrayList<>();
  private String openssl = "";

  @BeforeEach
  void find() {
    openssl = Peer.installed("openssl");
  }

  @AfterEach
  void stop() {
    peers.forEach(Peer::close);
  }

  private Path pem(String name, String text) throws IOException {
    return Files.writeString(dir.resolve(name), text);
  }

  private static String pkcs8(KeyPair keys) {
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
        + "\n-----END PRIVATE KEY-----\n";
  }

  /** A server that demands a client certificate; its port. */
  private int serve(TestAuthority authority, KeyPair keys, String... options) throws Exception {
    Path leaf = pem("leaf.pem", TestAuthority.pem(authority.server(keys.getPublic())));
    Path chain = pem("chain.pem", TestAuthority.pem(authority.certificate()));
    Path clients =
        pem(
            "clients.pem",
            TestAuthority.pem(RSA.certificate()) + TestAuthority.pem(P384.certificate()));
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                openssl,
                "s_server",
                "-accept",
                "127.0.0.1:" + port,
                "-cert",
                leaf.toString(),
                "-key",
                pem("key.pem", pkcs8(keys)).toString(),
                "-cert_chain",
                chain.toString(),
                "-CAfile",
                clients.toString(),
                "-Verify",
                "2",
                "-verify_return_error"));
    command.addAll(List.of(options));
    Peer peer = Peer.start(command);
    peers.add(peer);
    peer.awaitLine(line -> line.startsWith("ACCEPT"));
    return port;
  }

  private static Negotiated dial(int port, TlsPolicy policy, Optional<ClientIdentity> device)
      throws IOException {
    TlsDialer dialer = new TlsDialer(policy, device, NOW, true, Timeouts.DEFAULT);
    TlsDialer.Dialled dialled =
        dialer.dial(
            new Route("localhost", port),
            Optional.empty(),
            Set.of(),
            Deadline.in(Timeouts.DEFAULT.attempt()));
    dialled.socket().close();
    return dialled.negotiated();
  }

  /** The server's own word, once it has seen the device's certificate. */
  private void serverSays(String cipher) throws InterruptedException {
    peers.get(0).awaitLine(line -> line.equals("CIPHER is " + cipher));
  }

  private static TlsPolicy policy(
      String version, String suite, TestAuthority authority, String... groups) {
    return new TlsPolicy(
        List.of(version), List.of(suite), List.of(groups), Set.of(authority.spkiDigest()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp256r1", "secp384r1"})
  void oldDeviceSpeaksTls12WithTheGroupOfItsProfile(String group) throws Exception {
    int port = serve(RSA, RSA_KEYS, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256");
    Negotiated spoken = dial(port, policy("TLSv1.2", CBC, RSA, group), rsaDevice());
    assertThat(spoken.toString()).isEqualTo("TLSv1.2 " + CBC + " " + group);
    serverSays("ECDHE-RSA-AES128-SHA256");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp256r1", "secp384r1"})
  void newDeviceSpeaksTls13WithTheGroupOfItsProfile(String group) throws Exception {
    int port = serve(P384, P384_KEYS, "-tls1_3");
    Negotiated spoken = dial(port, policy("TLSv1.3", GCM, P384, group), p384Device());
    assertThat(spoken.toString()).isEqualTo("TLSv1.3 " + GCM + " " + group);
    serverSays(GCM);
  }

  @Test
  void serverThatAsksForAnotherShareGetsIt() throws Exception {
    int port = serve(RSA, RSA_KEYS, "-tls1_3", "-groups", "P-384");
    Negotiated spoken = dial(port, policy("TLSv1.3", GCM, RSA, "x25519", "secp384r1"), rsaDevice());
    assertThat(spoken.group()).contains("secp384r1");
  }

  @Test
  void serverWithoutTheProfilesGroupIsNotReached() throws Exception {
    int port = serve(RSA, RSA_KEYS, "-tls1_3", "-groups", "P-521");
    assertThatThrownBy(() -> dial(port, policy("TLSv1.3", GCM, RSA, "x25519"), rsaDevice()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void groupThatWasOfferedForCertificatesAloneIsRefused() throws Exception {
    int port = serve(P384, P384_KEYS, "-tls1_3", "-groups", "P-384");
    assertThatThrownBy(() -> dial(port, policy("TLSv1.3", GCM, P384, "x25519"), p384Device()))
        .hasMessageContaining("the server chose the group secp384r1");
  }

  @Test
  void deviceThatDemandsHybridIsNotServedClassically() throws Exception {
    int port = serve(P384, P384_KEYS, "-tls1_3", "-groups", "P-384");
    assertThatThrownBy(
            () -> dial(port, policy("TLSv1.3", GCM, P384, "X25519MLKEM768"), p384Device()))
        .hasMessageContaining("the server chose the group secp384r1");
  }

  @Test
  void bouncyCastleSpeaksToOpensslWhereHybridIsOnlyPreferred() throws Exception {
    int port = serve(P384, P384_KEYS, "-tls1_3", "-groups", "X25519:P-384");
    Negotiated spoken =
        dial(port, policy("TLSv1.3", GCM, P384, "X25519MLKEM768", "x25519"), p384Device());
    assertThat(spoken.group()).contains("x25519");
  }

  @Test
  void serverOfTheOldVersionIsNotReachedByTheNewProfile() throws Exception {
    int port = serve(RSA, RSA_KEYS, "-tls1_2");
    assertThatThrownBy(() -> dial(port, policy("TLSv1.3", GCM, RSA), rsaDevice()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void keyThatIsCarriedByTheServersRsaKeyHasNoGroup() throws Exception {
    String suite = "TLS_RSA_WITH_AES_128_CBC_SHA256";
    int port = serve(RSA, RSA_KEYS, "-tls1_2", "-cipher", "AES128-SHA256:@SECLEVEL=1");
    Negotiated spoken = dial(port, policy("TLSv1.2", suite, RSA, "secp256r1"), rsaDevice());
    assertThat(spoken.group()).isEmpty();
    assertThat(spoken.toString()).isEqualTo("TLSv1.2 " + suite);
  }
}
