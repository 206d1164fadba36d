package dev.otasigner.verifier.dsse;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.JsonReader;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RuleTests {
  private static final Digest A = Digest.of(new byte[] {'a'});
  private static final Digest B = Digest.of(new byte[] {'b'});
  private static final Digest C = Digest.of(new byte[] {'c'});

  private static Rule read(String rule) throws RejectedException {
    String json =
        "{\"rule\":"
            + rule.replace("$A", quoted(A)).replace("$B", quoted(B)).replace("$C", quoted(C))
            + "}";
    return Rule.read(JsonReader.readObject(json.getBytes(UTF_8), 4096), "rule");
  }

  private static String quoted(Digest digest) {
    return "\"" + digest + "\"";
  }

  @Test
  void anyOfIsMetByOne() throws Exception {
    Rule rule = read("{\"any\":[$A,$B]}");
    assertThat(rule.isMetBy(Set.of(A))).isTrue();
    assertThat(rule.isMetBy(Set.of(B))).isTrue();
    assertThat(rule.isMetBy(Set.of(C))).isFalse();
    assertThat(rule.isMetBy(Set.of())).isFalse();
  }

  @Test
  void allOfIsMetByNothingLess() throws Exception {
    Rule rule = read("{\"all\":[$A,$B]}");
    assertThat(rule.isMetBy(Set.of(A, B))).isTrue();
    assertThat(rule.isMetBy(Set.of(A))).isFalse();
    assertThat(rule.isMetBy(Set.of(B))).isFalse();
    assertThat(rule.isMetBy(Set.of())).isFalse();
  }

  @Test
  void nestedRulesAreJudgedInside() throws Exception {
    Rule rule = read("{\"any\":[$A,{\"all\":[$B,$C]}]}");
    assertThat(rule.isMetBy(Set.of(A))).isTrue();
    assertThat(rule.isMetBy(Set.of(B, C))).isTrue();
    assertThat(rule.isMetBy(Set.of(B))).isFalse();
    assertThat(rule.keyIds()).containsExactlyInAnyOrder(A, B, C);
  }

  @Test
  void aRuleReadsBackAsItWasWritten() throws Exception {
    Rule rule = read("{\"all\":[$A,{\"any\":[$B,$C]}]}");
    String json = new String(rule.toJson().canonicalBytes(), UTF_8);
    assertThat(read(json)).isEqualTo(rule);
  }

  @Test
  void aRuleWithoutTermsIsRefused() {
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[]}"));
    assertRefused(Reason.MALFORMED, () -> read("{\"all\":[]}"));
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[$A,{\"all\":[]}]}"));
    assertThatIllegalArgumentException().isThrownBy(() -> new Rule.All(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new Rule.Any(List.of()));
  }

  @Test
  void aRuleOfBothKindsOrNoneIsRefused() {
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[$A],\"all\":[$B]}"));
    assertRefused(Reason.MALFORMED, () -> read("{}"));
    assertRefused(Reason.MALFORMED, () -> read("{\"most\":[$A]}"));
  }

  @Test
  void aTermThatIsNeitherKeyNorRuleIsRefused() {
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[1]}"));
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[[$A]]}"));
    assertRefused(Reason.MALFORMED, () -> read("{\"any\":[\"abc\"]}"));
  }

  @Test
  void aRuleNestedTooDeepOrTooWideIsRefused() {
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            read("{\"any\":[".repeat(Rule.MAX_DEPTH + 1) + "$A" + "]}".repeat(Rule.MAX_DEPTH + 1)));
    assertRefused(
        Reason.LIMIT_EXCEEDED, () -> read("{\"any\":[" + "$A,".repeat(Rule.MAX_TERMS) + "$B]}"));
  }
}
