package dev.otasigner.verifier.json;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTests {
  private static Fields fields(String text) throws RejectedException {
    return JsonReader.readObject(text.getBytes(UTF_8), 4096);
  }

  @Test
  void aRefusalNamesThePathOfTheField() throws Exception {
    Fields fields = fields("{\"a\":{\"b\":[{\"c\":7}]}}");
    RejectedException refusal =
        assertRefused(
            Reason.MALFORMED, () -> fields.object("a").objects("b", 1).get(0).string("c"));
    assertThat(refusal).hasMessage("a.b[0].c (expected string, found integer)");
  }

  @Test
  void aMissingFieldIsRefused() throws Exception {
    Fields fields = fields("{}");
    assertThat(assertRefused(Reason.MALFORMED, () -> fields.u32("n"))).hasMessage("n: missing");
  }

  @Test
  void unsignedThirtyTwoBitsAreBounded() throws Exception {
    Fields fields = fields("{\"most\":4294967295,\"more\":4294967296,\"less\":-1}");
    assertThat(fields.u32("most")).isEqualTo(4294967295L);
    assertRefused(Reason.MALFORMED, () -> fields.u32("more"));
    assertRefused(Reason.MALFORMED, () -> fields.u32("less"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Stable", "a_b", "a.b", "a/b", "ü", "a b", "a\\n"})
  void whatIsNoNameOfTheHouseIsRefused(String name) throws Exception {
    Fields fields = fields("{\"n\":\"" + name + "\"}");
    assertRefused(Reason.MALFORMED, () -> fields.name("n"));
  }

  @Test
  void aNameHasAtMostThirtyTwoCharacters() throws Exception {
    Fields fields = fields("{\"a\":\"" + "x".repeat(32) + "\",\"b\":\"" + "x".repeat(33) + "\"}");
    assertThat(fields.name("a")).hasSize(32);
    assertRefused(Reason.MALFORMED, () -> fields.name("b"));
  }

  @Test
  void anotherSchemaIsRefusedAsUnsupported() throws Exception {
    Fields fields = fields("{\"schema\":2}");
    assertRefused(Reason.UNSUPPORTED_VERSION, () -> fields.requireSchema(Set.of()));
  }

  @Test
  void anUnknownCriticalNameIsRefusedAndAKnownOneIsNot() throws Exception {
    Fields fields = fields("{\"schema\":1,\"critical\":[\"known\",\"unknown\"]}");
    assertRefused(Reason.UNSUPPORTED_CRITICAL, () -> fields.requireSchema(Set.of("known")));
    fields.requireSchema(Set.of("known", "unknown"));
  }

  @Test
  void anUnknownFieldIsIgnoredAndKept() throws Exception {
    Fields fields = fields("{\"schema\":1,\"future\":\"x\"}");
    fields.requireSchema(Set.of());
    assertThat(new String(fields.json().canonicalBytes(), UTF_8)).contains("future");
  }

  @Test
  void listsAreBounded() throws Exception {
    Fields fields = fields("{\"l\":[\"a\",\"b\",\"c\"]}");
    assertThat(fields.strings("l", 3)).containsExactly("a", "b", "c");
    assertRefused(Reason.LIMIT_EXCEEDED, () -> fields.strings("l", 2));
    assertRefused(Reason.MALFORMED, () -> fields.objects("l", 3));
  }

  @Test
  void base64IsBoundedBeforeItIsDecoded() throws Exception {
    Fields fields = fields("{\"b\":\"AAAAAAAA\"}");
    assertThat(fields.base64("b", 6).length()).isEqualTo(6);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> fields.base64("b", 3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-22T09:30:00+00:00",
        "2026-11-22T09:30:00.1Z",
        "2026-11-22 09:30:00Z",
        "2026-11-22T09:30:00z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:01Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "2026-11-22"
      })
  void aTimeInAnyOtherFormIsRefused(String time) throws Exception {
    Fields fields = fields("{\"t\":\"" + time + "\"}");
    assertRefused(Reason.MALFORMED, () -> fields.time("t"));
  }

  @Test
  void aTimeIsReadAndWrittenInOneForm() throws Exception {
    Instant time = fields("{\"t\":\"2026-11-22T09:30:00Z\"}").time("t");
    assertThat(Times.format(time.plusMillis(999))).isEqualTo("2026-11-22T09:30:00Z");
  }
}
