package dev.otasigner.verifier.device;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BootAnchorTests {
  /** What MCUboot can be built for, written down from its documentation. */
  private static final Set<String> COMBINATIONS =
      Set.of(
          "RSA_PSS_2048_SHA256 SHA256 false",
          "RSA_PSS_3072_SHA256 SHA256 false",
          "ECDSA_P256_SHA256 SHA256 false",
          "ECDSA_P384_SHA384 SHA384 false",
          "ED25519 SHA256 false",
          "ED25519 SHA512 false",
          "ED25519 SHA512 true");

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"RSA_P.*_4096.*", "SLH_DSA.*"},
      mode = EnumSource.Mode.MATCH_NONE)
  void onlyWhatABootloaderCanBeBuiltForIsAnAnchor(SignatureSuite suite) throws Exception {
    TestKey key = TestKey.of(suite);
    for (ImageHash hash : ImageHash.values()) {
      for (boolean pure : new boolean[] {false, true}) {
        Map<String, Json> members = new LinkedHashMap<>(key.anchor().toJson().members());
        members.put("hash", new Json.Str(hash.code()));
        members.put("pure", new Json.Bool(pure));
        Fields fields = new Fields(new Json.Obj(members), "anchor");
        if (COMBINATIONS.contains(suite + " " + hash + " " + pure)) {
          BootAnchor anchor = BootAnchor.read(fields);
          assertThat(anchor).isEqualTo(key.bootAnchor(hash, pure));
          assertThat(anchor.toJson()).isEqualTo(new Json.Obj(members));
        } else {
          assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> BootAnchor.read(fields));
          assertThatIllegalArgumentException().isThrownBy(() -> key.bootAnchor(hash, pure));
        }
      }
    }
  }

  @Test
  void theUsualHashOfP384IsSha384() {
    assertThat(TestKey.of(SignatureSuite.ECDSA_P384_SHA384).bootAnchor().hash())
        .isEqualTo(ImageHash.SHA384);
    assertThat(TestKey.of(SignatureSuite.ED25519).bootAnchor().hash()).isEqualTo(ImageHash.SHA256);
  }

  @Test
  void anAnchorUnderAnothersIdentifierIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    Map<String, Json> members = new LinkedHashMap<>(key.bootAnchor().toJson().members());
    members.put("keyId", new Json.Str(TestKey.of(SignatureSuite.ECDSA_P256_SHA256).keyId().hex()));
    Fields fields = new Fields(new Json.Obj(members), "anchor");
    assertRefused(Reason.KEYID_MISMATCH, () -> BootAnchor.read(fields));
  }

  @Test
  void anAnchorOfAnotherKeyTypeThanItsSuiteIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    Map<String, Json> members = new LinkedHashMap<>(key.bootAnchor().toJson().members());
    members.put("suite", new Json.Str(SignatureSuite.ECDSA_P256_SHA256.code()));
    Fields fields = new Fields(new Json.Obj(members), "anchor");
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> BootAnchor.read(fields));
  }

  @Test
  void anAnchorOfAnUnknownSuiteIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    Map<String, Json> members = new LinkedHashMap<>(key.bootAnchor().toJson().members());
    members.put("suite", new Json.Str("ed448"));
    Fields fields = new Fields(new Json.Obj(members), "anchor");
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> BootAnchor.read(fields));
  }
}
