package dev.otasigner.device.transport;

import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.P384;
import static dev.otasigner.device.transport.TestUplink.P384_KEYS;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.RSA_KEYS;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.modern;
import static dev.otasigner.device.transport.TestUplink.modernPolicy;
import static dev.otasigner.device.transport.TestUplink.p384Device;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.text;
import static dev.otasigner.device.transport.TestUplink.uplink;
import static dev.otasigner.device.transport.TestUplink.withGroups;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Tls;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The group of a key exchange: offered as the profile says, and read from the connection. */
class TlsGroupTests {
  private static final String HYBRID = "X25519MLKEM768";

  /** TLS 1.3 with RSA certificates on both sides. */
  private static Tls rsa13() {
    return new Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(RSA.certificate()),
        List.of("TLSv1.3"),
        List.of("TLS_AES_256_GCM_SHA384"));
  }

  private static TlsPolicy rsa13Policy(String... groups) {
    return new TlsPolicy(
        List.of("TLSv1.3"),
        List.of("TLS_AES_256_GCM_SHA384"),
        List.of(groups),
        Set.of(RSA.spkiDigest()));
  }

  /** What was negotiated. */
  private static Negotiated dial(Tls tls, TlsPolicy policy, Optional<ClientIdentity> device)
      throws IOException {
    try (TestServer server = TestServer.start(tls, HELLO);
        Uplink uplink = uplink(policy, device, server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      return uplink.negotiated().orElseThrow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp256r1", "secp384r1", "secp521r1", "ffdhe2048"})
  void tls13GroupIsReadFromTheServersHello(String group) throws IOException {
    assertThat(dial(rsa13(), rsa13Policy(group), rsaDevice()).group()).contains(group);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp256r1", "secp384r1"})
  void tls12GroupIsReadFromTheServersKeyExchange(String group) throws IOException {
    assertThat(dial(legacy(), withGroups(legacyPolicy(RSA), group), rsaDevice()).group())
        .contains(group);
  }

  @Test
  void profileWithoutGroupsLeavesThemToTheJdk() throws IOException {
    Negotiated negotiated = dial(rsa13(), rsa13Policy(), rsaDevice());
    assertThat(negotiated.group()).contains("x25519");
  }

  @Test
  void groupOfARetriedHelloIsTheOneThatIsUsed() throws IOException {
    // The device's first share is for another group: the server asks for one of this.
    Tls tls = rsa13().withGroups("secp384r1");
    assertThat(dial(tls, rsa13Policy("x25519", "secp384r1"), rsaDevice()).group())
        .contains("secp384r1");
  }

  @Test
  void serverWithoutAListedGroupIsNotReached() {
    Tls tls = rsa13().withGroups("secp384r1");
    assertThatThrownBy(() -> dial(tls, rsa13Policy("secp521r1"), rsaDevice()))
        .isInstanceOf(UnreachableException.class);
  }

  @ParameterizedTest
  @CsvSource({"x25519, secp384r1", "secp256r1, secp384r1", "X25519MLKEM768, secp384r1"})
  void groupThatIsOfferedForCertificatesAloneIsRefusedForTheKey(String listed, String chosen) {
    Tls tls = modern().withGroups(chosen);
    assertThatThrownBy(() -> dial(tls, withGroups(modernPolicy(), listed), p384Device()))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining(
            "the server chose the group " + chosen + ", which the profile does not list");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x25519", "secp256r1", "secp384r1"})
  void anyGroupGoesWithP384Certificates(String group) throws IOException {
    assertThat(dial(modern(), withGroups(modernPolicy(), group), p384Device()).group())
        .contains(group);
  }

  @Test
  void hybridIsNegotiatedWithRsaCertificates() throws IOException {
    Negotiated negotiated = dial(rsa13().withGroups(HYBRID), rsa13Policy(HYBRID), rsaDevice());
    assertThat(negotiated.toString()).isEqualTo("TLSv1.3 TLS_AES_256_GCM_SHA384 " + HYBRID);
  }

  @Test
  void hybridIsNegotiatedWithP384CertificatesOnBothSides() throws IOException {
    Tls tls = modern().withGroups(HYBRID, "secp384r1");
    assertThat(dial(tls, withGroups(modernPolicy(), HYBRID), p384Device()).group())
        .contains(HYBRID);
  }

  @Test
  void hybridServerTakesTheRsaDeviceThatIsToBeRenewed() throws IOException {
    Tls tls = modern().withGroups(HYBRID, "secp384r1");
    assertThat(dial(tls, withGroups(modernPolicy(), HYBRID), rsaDevice()).group()).contains(HYBRID);
  }

  @Test
  void hybridComesFirstWhereItIsListedFirst() throws IOException {
    Tls tls = rsa13().withGroups("x25519", HYBRID);
    assertThat(dial(tls, rsa13Policy(HYBRID, "x25519"), rsaDevice()).group()).contains(HYBRID);
  }

  @Test
  void deviceThatListsClassicalGroupsTooGoesOnWithAServerWithoutHybrid() throws IOException {
    assertThat(dial(rsa13(), rsa13Policy(HYBRID, "x25519"), rsaDevice()).group())
        .contains("x25519");
  }

  @Test
  void deviceThatDemandsHybridDoesNotFallBack() {
    assertThatThrownBy(() -> dial(rsa13(), rsa13Policy(HYBRID), rsaDevice()))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void serverOfAnotherAuthorityIsNotTrustedOverHybridEither() {
    TlsPolicy policy =
        new TlsPolicy(
            List.of("TLSv1.3"),
            List.of("TLS_AES_256_GCM_SHA384"),
            List.of(HYBRID),
            Set.of(P384.spkiDigest()));
    assertThatThrownBy(() -> dial(rsa13().withGroups(HYBRID), policy, rsaDevice()))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("no authority pinned by the profile");
  }

  @Test
  void certificateMustNameTheHostOverHybridToo() {
    Tls tls =
        new Tls(
                P384_KEYS,
                P384.chainOf(P384.server(P384_KEYS.getPublic(), "elsewhere.example")),
                List.of(),
                List.of("TLSv1.3"),
                List.of("TLS_AES_256_GCM_SHA384"))
            .withGroups(HYBRID, "secp384r1");
    assertThatThrownBy(() -> dial(tls, withGroups(modernPolicy(), HYBRID), p384Device()))
        .hasMessageContaining("does not name localhost");
  }

  @Test
  void groupThatNobodyHasHeardOfIsToldByName() {
    assertThatThrownBy(() -> dial(rsa13(), rsa13Policy("x25519", "kyber1"), rsaDevice()))
        .hasMessageContaining("TLS group kyber1 of the profile is unknown to this device");
  }
}
