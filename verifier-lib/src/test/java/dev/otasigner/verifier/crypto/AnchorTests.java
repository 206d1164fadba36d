package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AnchorTests {
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);

  private static Fields with(String name, String value) {
    Map<String, Json> members = new TreeMap<>(ED.anchor().toJson().members());
    members.put(name, new Json.Str(value));
    return new Fields(new Json.Obj(members), "");
  }

  @Test
  void anAnchorIsReadAsItWasWritten() throws Exception {
    assertThat(Anchor.read(new Fields(ED.anchor().toJson(), ""))).isEqualTo(ED.anchor());
  }

  @Test
  void aKeyUnderAnothersIdentifierIsRefused() {
    String other = TestKey.of(SignatureSuite.ED25519, "second").keyId().hex();
    assertRefused(Reason.KEYID_MISMATCH, () -> Anchor.read(with("keyId", other)));
  }

  @Test
  void aSuiteThatNobodyKnowsIsQuotedInPart() {
    for (int length : new int[] {Anchor.MAX_QUOTED, Anchor.MAX_QUOTED + 1}) {
      String code = "x".repeat(length);
      assertThat(
              assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> Anchor.read(with("suite", code)))
                  .actual())
          .isEqualTo(
              length > Anchor.MAX_QUOTED ? code.substring(0, Anchor.MAX_QUOTED) + "..." : code);
    }
  }
}
