package dev.otasigner.verifier.device;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileTests {
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ML_DSA = TestKey.of(SignatureSuite.ML_DSA_65);
  private static final String WHOLE =
      new String(TestProfile.all(P384, ML_DSA).thresholds(2, 1).bytes(), UTF_8);

  @Test
  void everyMemberIsRead() throws Exception {
    Profile profile = Profile.read(WHOLE.getBytes(UTF_8));
    assertThat(profile.knows())
        .containsExactlyInAnyOrder(SignatureSuite.ECDSA_P384_SHA384, SignatureSuite.ML_DSA_65);
    assertThat(profile.rule())
        .isEqualTo(new Rule.All(List.of(new Rule.Key(P384.keyId()), new Rule.Key(ML_DSA.keyId()))));
    assertThat(profile.anchors()).containsExactly(P384.anchor(), ML_DSA.anchor());
    assertThat(profile.lineage().thresholds()).isEqualTo(Optional.of(new Profile.Thresholds(2, 1)));
    assertThat(profile.minStrengthBits()).isEqualTo(112);
    assertThat(profile.tls().versions()).containsExactly("TLSv1.2");
    assertThat(profile.tls().clientKey()).isEqualTo(ClientKeyType.RSA_2048);
    assertThat(profile.servers()).containsExactly("localhost");
    assertThat(profile.ports()).containsExactly(443);
  }

  @Test
  void aProfileIsNamedByItsBytesWithWhatNobodyKnows() throws Exception {
    byte[] bytes = TestProfile.any(P384).member("proxy", new Json.Str("of a time to come")).bytes();
    Profile profile = Profile.read(bytes);
    assertThat(profile.digest()).isEqualTo(Digest.of(bytes));
    assertThat(profile.digest()).isNotEqualTo(TestProfile.any(P384).read().digest());
  }

  @Test
  void whatOnlyNewerCodeKnowsIsKeptApart() throws Exception {
    Json anchor =
        Json.object()
            .put("keyId", ML_DSA.keyId())
            .put("suite", "xmss-2030")
            .putBase64("spki", ML_DSA.key().spki())
            .build();
    Profile profile = TestProfile.any(P384).anchor(anchor).knowsToo("xmss-2030").read();
    assertThat(profile.anchors()).containsExactly(P384.anchor());
    assertThat(profile.newer().knows()).containsExactly("xmss-2030");
    assertThat(profile.newer().anchors()).containsOnlyKeys(ML_DSA.keyId());
  }

  @Test
  void theEndsOfTheRangeOfPortsAreTaken() throws Exception {
    String ends = WHOLE.replace("\"ports\":[443]", "\"ports\":[1,65535]");
    assertThat(Profile.read(ends.getBytes(UTF_8)).ports()).containsExactly(1, 65535);
  }

  @Test
  void anUnknownCriticalNameIsRefused() {
    byte[] bytes = TestProfile.any(P384).member("critical", Json.strings(List.of("proxy"))).bytes();
    assertRefused(Reason.UNSUPPORTED_CRITICAL, () -> Profile.read(bytes));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schema", "knows", "manifest", "rule", "anchors", "lineage", "rootSha256",
        "minStrengthBits", "tls", "versions", "suites", "groups", "serverAnchors", "clientKey",
        "servers", "ports"
      })
  void aFieldThatIsMissingIsRefused(String field) {
    String without = WHOLE.replace("\"" + field + "\":", "\"no-" + field + "\":");
    assertThat(without).isNotEqualTo(WHOLE);
    assertRefused(Reason.MALFORMED, () -> Profile.read(without.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"ports\":[443]|\"ports\":[0]",
        "\"ports\":[443]|\"ports\":[65536]",
        "\"ports\":[443]|\"ports\":[\"443\"]",
        "\"minStrengthBits\":112|\"minStrengthBits\":65536",
        "\"classical\":2|\"classical\":256",
        "\"postQuantum\":1|\"postQuantum\":-1",
        "\"clientKey\":\"rsa-2048\"|\"clientKey\":\"rsa\""
      })
  void aValueOutOfItsRangeOrFormIsRefused(String from, String to) {
    assertThat(WHOLE).contains(from);
    String changed = WHOLE.replace(from, to);
    assertRefused(Reason.MALFORMED, () -> Profile.read(changed.getBytes(UTF_8)));
  }

  @Test
  void anAnchorUnderAnothersIdentifierIsRefused() {
    String swapped = WHOLE.replace(P384.keyId().hex(), ML_DSA.keyId().hex());
    assertRefused(Reason.KEYID_MISMATCH, () -> Profile.read(swapped.getBytes(UTF_8)));
  }

  @Test
  void aProfileOverItsLimitIsRefused() {
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Profile.read(new byte[Profile.MAX_BYTES + 1]));
  }
}
