package dev.otasigner.cli.ceremony;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What two readers of a plan could take for different things. */
class PlanTextTests {

  private static Json.Obj read(String text) throws RejectedException {
    return PlanText.read(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertRefused(Reason reason, String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void yamlAndJsonSayTheSame() throws Exception {
    assertThat(read("a: 1\nb: [x, true]\nc:\n  d: 2027-01-01T00:00:00Z\n"))
        .isEqualTo(read("{\"a\":1,\"b\":[\"x\",true],\"c\":{\"d\":\"2027-01-01T00:00:00Z\"}}"));
  }

  @Test
  void aNameThatComesTwiceIsRefused() {
    assertRefused(Reason.MALFORMED, "a: 1\na: 2\n");
    assertRefused(Reason.MALFORMED, "{\"a\":1,\"a\":2}");
  }

  @Test
  void aliasesAreRefused() {
    assertRefused(Reason.MALFORMED, "a: &x [1, 2]\nb: *x\n");
  }

  @Test
  void tagsAreRefused() {
    assertRefused(Reason.MALFORMED, "a: !!binary aGVsbG8=\n");
    assertRefused(Reason.MALFORMED, "a: !thing {b: 1}\n");
  }

  @Test
  void aSecondDocumentIsRefused() {
    assertRefused(Reason.MALFORMED, "a: 1\n---\na: 2\n");
  }

  @Test
  void aNumberThatIsNotWholeIsRefused() {
    assertRefused(Reason.MALFORMED, "a: 1.5\n");
  }

  @Test
  void anEmptyValueIsRefused() {
    assertRefused(Reason.MALFORMED, "a:\n");
  }

  @Test
  void aNameThatIsNoTextIsRefused() {
    assertRefused(Reason.MALFORMED, "1: a\n");
  }

  @Test
  void whatIsNestedTooDeeplyIsRefused() {
    assertRefused(Reason.LIMIT_EXCEEDED, "a: " + "[".repeat(20) + "]".repeat(20) + "\n");
  }

  @Test
  void whatIsTooLongIsRefused() {
    assertRefused(Reason.MALFORMED, "a: " + "x".repeat(PlanText.MAX_BYTES) + "\n");
  }

  @Test
  void whatIsNoUtf8IsRefused() {
    assertThatThrownBy(() -> PlanText.read(new byte[] {'a', ':', ' ', (byte) 0xff}))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("UTF-8");
  }
}
