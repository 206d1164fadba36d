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

  private static Profile.Tls tls(String version, String suite, String group) {
    return new Profile.Tls(
        List.of(version), List.of(suite), List.of(group), List.of(), ClientKeyType.P_384);
  }
}
