package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import java.util.List;
import org.junit.jupiter.api.Test;

class TlsPolicyTests {
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final String ECDSA = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";

  private static TlsPolicy policy(
      List<String> versions, List<String> suites, ClientKeyType serverKey) {
    return new TlsPolicy(versions, suites, List.of(), serverKey);
  }

  private static void assertRefused(
      List<String> versions, List<String> suites, ClientKeyType serverKey, String why) {
    assertThatThrownBy(() -> policy(versions, suites, serverKey))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining(why);
  }

  @Test
  void oldVersionsAreNotSpoken() {
    assertRefused(List.of("TLSv1.1"), List.of(CBC), ClientKeyType.RSA_2048, "versions");
    assertRefused(List.of(), List.of(CBC), ClientKeyType.RSA_2048, "versions");
  }

  @Test
  void suiteThatHidesNothingIsNotSpoken() {
    for (String suite :
        List.of("TLS_RSA_WITH_NULL_SHA256", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "TLS_NO_SUCH")) {
      assertRefused(List.of("TLSv1.2"), List.of(suite), ClientKeyType.RSA_2048, suite);
    }
  }

  @Test
  void suiteOfAVersionThatIsNotListedIsRefused() {
    assertRefused(List.of("TLSv1.3"), List.of(GCM, CBC), ClientKeyType.RSA_2048, "not listed");
  }

  @Test
  void versionWithoutASuiteIsRefused() {
    assertRefused(List.of("TLSv1.2", "TLSv1.3"), List.of(GCM), ClientKeyType.P_384, "TLSv1.2");
  }

  @Test
  void suiteThatTheServersKeyCanNotServeIsRefused() {
    assertRefused(List.of("TLSv1.2"), List.of(CBC), ClientKeyType.P_384, "server key");
    assertRefused(List.of("TLSv1.2"), List.of(ECDSA), ClientKeyType.RSA_2048, "server key");
  }

  @Test
  void unknownGroupIsRefused() {
    assertThatThrownBy(
            () ->
                new TlsPolicy(
                    List.of("TLSv1.3"), List.of(GCM), List.of("sect163k1"), ClientKeyType.P_384))
        .hasMessageContaining("groups");
  }

  @Test
  void profileSpeaksItOnlyWithVersionSuiteAndGroupInCommon() {
    TlsPolicy modern =
        new TlsPolicy(List.of("TLSv1.3"), List.of(GCM), List.of("secp384r1"), ClientKeyType.P_384);
    assertThat(modern.isSpokenBy(tls("TLSv1.3", GCM, "secp384r1"))).isTrue();
    assertThat(modern.isSpokenBy(tls("TLSv1.2", GCM, "secp384r1"))).isFalse();
    assertThat(modern.isSpokenBy(tls("TLSv1.3", CBC, "secp384r1"))).isFalse();
    assertThat(modern.isSpokenBy(tls("TLSv1.3", GCM, "x25519"))).isFalse();
  }

  private static TlsPolicy hybrid(ClientKeyType serverKey) {
    return new TlsPolicy(List.of("TLSv1.3"), List.of(GCM), List.of("X25519MLKEM768"), serverKey);
  }

  private static Profile.Tls offering(ClientKeyType clientKey, String... groups) {
    return new Profile.Tls(List.of("TLSv1.3"), List.of(GCM), List.of(groups), List.of(), clientKey);
  }

  @Test
  void hybridGroupBesideAnotherIsRefused() {
    assertThatThrownBy(
            () ->
                new TlsPolicy(
                    List.of("TLSv1.3"),
                    List.of(GCM),
                    List.of("X25519MLKEM768", "secp384r1"),
                    ClientKeyType.P_384))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("stands alone");
  }

  @Test
  void hybridGroupInTls12IsRefused() {
    assertThatThrownBy(
            () ->
                new TlsPolicy(
                    List.of("TLSv1.2", "TLSv1.3"),
                    List.of(GCM, CBC),
                    List.of("X25519MLKEM768"),
                    ClientKeyType.RSA_2048))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("TLSv1.3 only");
  }

  @Test
  void hybridGroupWithAP256KeyIsRefused() {
    assertThatThrownBy(() -> hybrid(ClientKeyType.P_256))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("rsa-2048 or p-384");
  }

  @Test
  void profileReachesAHybridListenerOnlyWithWhatItsEngineNeeds() {
    TlsPolicy rsa = hybrid(ClientKeyType.RSA_2048);
    TlsPolicy p384 = hybrid(ClientKeyType.P_384);
    String[] both = {"X25519MLKEM768", "secp384r1"};
    assertThat(rsa.isSpokenBy(offering(ClientKeyType.RSA_2048, "X25519MLKEM768"))).isTrue();
    assertThat(p384.isSpokenBy(offering(ClientKeyType.P_384, both))).isTrue();
    assertThat(p384.isSpokenBy(offering(ClientKeyType.RSA_2048, both))).isTrue();
    assertThat(rsa.isSpokenBy(offering(ClientKeyType.P_384, both))).isFalse();
    assertThat(p384.isSpokenBy(offering(ClientKeyType.P_256, both))).isFalse();
    assertThat(p384.isSpokenBy(offering(ClientKeyType.P_384, "X25519MLKEM768"))).isFalse();
    assertThat(p384.isSpokenBy(offering(ClientKeyType.P_384, "secp384r1"))).isFalse();
    assertThat(rsa.isSpokenBy(offering(ClientKeyType.RSA_2048))).isFalse();
  }

  @Test
  void profileWithAnEcKeyNeedsItsCurveAmongTheGroups() {
    TlsPolicy x25519 =
        new TlsPolicy(List.of("TLSv1.3"), List.of(GCM), List.of("x25519"), ClientKeyType.P_384);
    assertThat(x25519.isSpokenBy(offering(ClientKeyType.RSA_2048, "x25519"))).isTrue();
    assertThat(x25519.isSpokenBy(offering(ClientKeyType.P_384, "x25519", "secp384r1"))).isFalse();
    assertThat(x25519.isSpokenBy(offering(ClientKeyType.P_256, "x25519"))).isFalse();
    for (String more : new String[] {"secp384r1", "x448"}) {
      TlsPolicy p256 =
          new TlsPolicy(
              List.of("TLSv1.3"), List.of(GCM), List.of("secp256r1", more), ClientKeyType.P_256);
      assertThat(p256.isSpokenBy(offering(ClientKeyType.P_256, "secp256r1")))
          .as(more)
          .isEqualTo(more.equals("secp384r1"));
    }
  }

  private static Profile.Tls tls(String version, String suite, String group) {
    return new Profile.Tls(
        List.of(version), List.of(suite), List.of(group), List.of(), ClientKeyType.P_384);
  }
}
