package dev.otasigner.verifier.json;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
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
    Fields fields = fields("{\"most\":4294967295,\"more\":4294967296,\"none\":0,\"less\":-1}");
    assertThat(fields.u32("most")).isEqualTo(4294967295L);
    assertThat(fields.u32("none")).isZero();
    assertRefused(Reason.MALFORMED, () -> fields.u32("more"));
    assertRefused(Reason.MALFORMED, () -> fields.u32("less"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Stable", "a_b", "a.b", "a/b", "ü", "a b", "a\\n"})
  void whatIsNoNameOfTheHouseIsRefused(String name) throws Exception {
    Fields fields = fields("{\"n\":\"" + name + "\"}");
    assertRefused(Reason.MALFORMED, () -> fields.name("n"));
    assertThat(Fields.isName(fields.string("n"))).isFalse();
  }

  @Test
  void aNameHasAtMostThirtyTwoCharacters() throws Exception {
    Fields fields = fields("{\"a\":\"" + "x".repeat(32) + "\",\"b\":\"" + "x".repeat(33) + "\"}");
    assertThat(fields.name("a")).hasSize(32);
    assertThat(Fields.isName(fields.string("a"))).isTrue();
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

  @Test
  void hexIsBoundedBeforeItIsDecoded() throws Exception {
    Fields fields = fields("{\"h\":\"00ff10\"}");
    assertThat(fields.hex("h", 3).length()).isEqualTo(3);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> fields.hex("h", 2));
  }

  @Test
  void aValueOfAnotherKindIsRefusedByTheNamesOfBothKinds() throws Exception {
    Fields fields = fields("{\"s\":\"x\",\"i\":1,\"b\":true,\"o\":{},\"a\":[1],\"n\":null}");
    assertKinds("n (expected string, found null)", () -> fields.string("n"));
    assertKinds("s (expected integer, found string)", () -> fields.u32("s"));
    assertKinds("i (expected boolean, found integer)", () -> fields.bool("i"));
    assertKinds("b (expected object, found boolean)", () -> fields.object("b"));
    assertKinds("o (expected array, found object)", () -> fields.array("o", 1));
    assertKinds("a (expected string, found array)", () -> fields.string("a"));
    assertRefused(Reason.MALFORMED, () -> fields.strings("a", 1));
  }

  private static void assertKinds(String message, ThrowingCallable call) {
    assertThat(assertRefused(Reason.MALFORMED, call)).hasMessage(message);
  }

  @Test
  void aTruthIsReadAsItStands() throws Exception {
    Fields fields = fields("{\"yes\":true,\"no\":false}");
    assertThat(fields.bool("yes")).isTrue();
    assertThat(fields.bool("no")).isFalse();
  }

  @Test
  void whatMayBeAbsentIsEmptyAndWhatIsThereIsOfItsKind() throws Exception {
    Fields fields = fields("{\"s\":\"x\",\"o\":{\"i\":1}}");
    assertThat(fields.optionalString("s")).hasValue("x");
    assertThat(fields.optionalString("none")).isEmpty();
    assertRefused(Reason.MALFORMED, () -> fields.optionalString("o"));
    assertThat(fields.optionalObject("o").orElseThrow().u32("i")).isEqualTo(1);
    assertThat(fields.optionalObject("none")).isEmpty();
    assertRefused(Reason.MALFORMED, () -> fields.optionalObject("s"));
  }

  @Test
  void aCodeThatNobodyKnowsIsQuotedInPart() throws Exception {
    String known = "x".repeat(40);
    Fields fields =
        fields(
            "{\"k\":\""
                + known
                + "\",\"u\":\""
                + "y".repeat(40)
                + "\",\"l\":\""
                + "z".repeat(41)
                + "\"}");
    Function<String, @Nullable Integer> codes = code -> code.equals(known) ? 1 : null;
    assertThat(fields.oneOf("k", codes, "code")).isEqualTo(1);
    assertThat(assertRefused(Reason.MALFORMED, () -> fields.oneOf("u", codes, "code")))
        .hasMessage("u: '" + "y".repeat(40) + "' is not a known code");
    assertThat(assertRefused(Reason.MALFORMED, () -> fields.oneOf("l", codes, "code")))
        .hasMessage("l: '" + "z".repeat(40) + "...' is not a known code");
  }

  @Test
  void aNullLeavesItsMemberOut() throws Exception {
    Instant time = Instant.parse("2026-11-22T09:30:00Z");
    Json.Builder builder =
        Json.object()
            .put("json", (@Nullable Json) null)
            .put("string", (@Nullable String) null)
            .put("time", (@Nullable Instant) null)
            .put("digest", (@Nullable Digest) null);
    assertThat(builder.build().members()).isEmpty();
    Digest digest = Digest.of(new byte[0]);
    Json.Obj whole =
        builder
            .put("json", Json.strings(List.of("x", "y")))
            .put("string", "s")
            .put("time", time)
            .put("digest", digest)
            .build();
    Fields fields = new Fields(whole, "");
    assertThat(fields.strings("json", 2)).containsExactly("x", "y");
    assertThat(fields.string("string")).isEqualTo("s");
    assertThat(fields.time("time")).isEqualTo(time);
    assertThat(fields.digest("digest")).isEqualTo(digest);
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
        "+12026-11-22T09:30:00Z",
        "-2026-11-22T09:30:00Z",
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
