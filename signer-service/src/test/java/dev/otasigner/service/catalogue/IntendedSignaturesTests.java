package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.testing.TestKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IntendedSignaturesTests {
  private static final VerificationKey KEY = TestKey.of(SignatureSuite.ED25519, "one").key();
  private static final VerificationKey OTHER = TestKey.of(SignatureSuite.ML_DSA_65, "two").key();

  @Test
  void eachRoleIsNamedWithItsVersionAndKeys() {
    Map<String, Long> versions = new LinkedHashMap<>();
    versions.put("targets", 3L);
    versions.put("timestamp", 12L);
    Map<String, List<VerificationKey>> keys =
        Map.of("targets", List.of(KEY, OTHER), "timestamp", List.of(KEY));
    assertThat(new IntendedSignatures(versions, keys).details())
        .containsExactly(
            Map.of(
                "signatures",
                "3",
                "roles",
                "targets=3 "
                    + KEY.keyId()
                    + " "
                    + OTHER.keyId()
                    + ", timestamp=12 "
                    + KEY.keyId()));
  }

  @Test
  void noRoleOfAnyNumberIsCutOff() {
    Map<String, Long> versions = new LinkedHashMap<>();
    Map<String, List<VerificationKey>> keys = new LinkedHashMap<>();
    for (int i = 0; i < 300; i++) {
      versions.put("channel." + i, 7L);
      keys.put("channel." + i, List.of(KEY, OTHER));
    }
    List<Map<String, String>> records = new IntendedSignatures(versions, keys).details();
    StringBuilder all = new StringBuilder();
    for (Map<String, String> record : records) {
      assertThat(record).hasSizeLessThanOrEqualTo(20).containsEntry("signatures", "600");
      record.values().forEach(text -> assertThat(text).hasSizeLessThanOrEqualTo(1000));
      record.values().forEach(text -> all.append(text).append(' '));
    }
    versions.keySet().forEach(role -> assertThat(all).contains(role + "=7 " + KEY.keyId()));
  }
}
