package dev.otasigner.verifier.json;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTests {
  private static Json read(String text) throws RejectedException {
    return JsonReader.read(text.getBytes(UTF_8), 4096);
  }

  private static void refused(Reason reason, String text) {
    assertRefused(reason, () -> read(text));
  }

  @Test
  void everyKindOfValueIsRead() throws Exception {
    Json read = read(" {\"a\" : [1 , -2, true, false, null, \"x\"], \"b\":{}, \"c\":[]}\r\n");
    assertThat(new String(read.canonicalBytes(), UTF_8))
        .isEqualTo("{\"a\":[1,-2,true,false,null,\"x\"],\"b\":{},\"c\":[]}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"x\":{\"a\":null,\"a\":null}}"})
  void aMemberThatStandsTwiceIsRefused(String text) {
    refused(Reason.MALFORMED, text);
  }

  @Test
  void nestingWithinTheLimitIsReadAndBeyondItRefused() throws Exception {
    int most = JsonReader.MAX_DEPTH;
    assertThat(read("[".repeat(most) + "1" + "]".repeat(most))).isInstanceOf(Json.Arr.class);
    refused(Reason.LIMIT_EXCEEDED, "[".repeat(most + 1) + "1" + "]".repeat(most + 1));
    refused(Reason.LIMIT_EXCEEDED, "{\"a\":".repeat(most + 1) + "1" + "}".repeat(most + 1));
  }

  @Test
  void unclosedNestingCannotExhaustTheStack() {
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () -> JsonReader.read("[".repeat(1_000_000).getBytes(UTF_8), 1_000_000));
  }

  @Test
  void escapesOfTheStandardAreDecoded() throws Exception {
    assertThat(read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""))
        .isEqualTo(new Json.Str("\"\\/\b\f\n\r\té😀"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\x41\"",
        "\"\\'\"",
        "\"\\U0041\"",
        "\"\\u12\"",
        "\"\\u00g0\"",
        "\"\\u00１1\"",
        "\"\\",
        "\"\\u"
      })
  void anyOtherEscapeIsRefused(String text) {
    refused(Reason.MALFORMED, text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800x\"",
        "\"x\\udc00\"",
        "\"\\ud800\\ud800\\udc00\"",
        "{\"\\ud800\":1}"
      })
  void aLoneSurrogateIsRefused(String text) {
    refused(Reason.MALFORMED, text);
  }

  @Test
  void theWholeSixtyFourBitRangeIsReadAndNothingBeyond() throws Exception {
    assertThat(read("9223372036854775807")).isEqualTo(new Json.Num(Long.MAX_VALUE));
    assertThat(read("-9223372036854775808")).isEqualTo(new Json.Num(Long.MIN_VALUE));
    refused(Reason.MALFORMED, "9223372036854775808");
    refused(Reason.MALFORMED, "-9223372036854775809");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01",
        "-01",
        "-0",
        "00",
        "+1",
        "-",
        "1.0",
        "1.",
        ".5",
        "1e3",
        "1E3",
        "0x10",
        "NaN",
        "Infinity",
        "١",
        "1_000"
      })
  void aNumberThatIsNoPlainIntegerIsRefused(String text) {
    refused(Reason.MALFORMED, text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1e3", "1E3"})
  void aFractionIsNamedInTheRefusal(String text) {
    assertThat(assertRefused(Reason.MALFORMED, () -> read(text)))
        .hasMessageContaining("only integers");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\"=1}",
        "{\"a\":1)",
        "{a\":1}",
        "[1 2]",
        "[1)",
        "\"a",
        "tru",
        "True",
        "nul",
        "nulx",
        "undefined",
        "// c\n1",
        "[1]/**/",
        "1 2",
        "{}{}",
        "]",
        "\u00a01",
        "\u000b1"
      })
  void whatIsNoJsonIsRefused(String text) {
    refused(Reason.MALFORMED, text);
  }

  @Test
  void aControlCharacterInAStringIsRefused() {
    for (char c = 0; c < 0x20; c++) {
      refused(Reason.MALFORMED, "\"a" + c + "b\"");
    }
  }

  @Test
  void aByteOrderMarkIsRefused() {
    refused(Reason.MALFORMED, "\ufeff{}");
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    byte[][] bad = {
      {'"', (byte) 0xff, '"'},
      {'"', (byte) 0xc0, (byte) 0xaf, '"'}, // overlong slash
      {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}, // surrogate in UTF-8
      {'"', (byte) 0xf5, (byte) 0x80, (byte) 0x80, (byte) 0x80, '"'}, // beyond U+10FFFF
      {'"', (byte) 0xe2, (byte) 0x82, '"'} // cut short
    };
    for (byte[] bytes : bad) {
      assertRefused(Reason.MALFORMED, () -> JsonReader.read(bytes, 100));
    }
  }

  @Test
  void aDocumentOverItsLimitIsRefusedBeforeItIsRead() {
    byte[] garbage = new byte[101];
    assertRefused(Reason.LIMIT_EXCEEDED, () -> JsonReader.read(garbage, 100));
  }

  @Test
  void aDocumentThatIsNoObjectIsRefusedWhereOneIsExpected() {
    assertRefused(Reason.MALFORMED, () -> JsonReader.readObject("[]".getBytes(UTF_8), 100));
  }

  /** Five million bytes of almost nothing would hold a hundred times that in memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "[]", "0", "{\"a\":1}", "[1]", "\"\"", "{\"abcdef\":1}", "[\"abcdefgh\"]"})
  void aDocumentOfLittleButSmallValuesIsRefused(String value) {
    String text = "[" + (value + ",").repeat(5_000_000 / (value.length() + 1)) + value + "]";
    byte[] document = text.getBytes(UTF_8);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> JsonReader.read(document, document.length));
  }

  /** One for the array, three for what is in it, and 1024 and a quarter of 4081 to spend. */
  @Test
  void aShortDocumentMayHoldTwoThousandSmallValuesAndNotOneMore() throws Exception {
    String text = "[" + "0,".repeat(2039) + "0]";
    assertThat(((Json.Arr) read(text)).items()).hasSize(2040);
    refused(Reason.LIMIT_EXCEEDED, "[" + "0,".repeat(2040) + "0]");
  }

  @Test
  void aLongDocumentMayHoldOneValueForFourBytes() throws Exception {
    String text = "[" + "\"0f\",".repeat(100_000) + "0]";
    byte[] document = text.getBytes(UTF_8);
    Json.Arr read = (Json.Arr) JsonReader.read(document, document.length);
    assertThat(read.items()).hasSize(100_001);
  }

  @Test
  void emptyContainersAreAllTheSame() throws Exception {
    Json.Arr read = (Json.Arr) read("[{},[],{},[]]");
    assertThat(read.items().get(0)).isSameAs(read.items().get(2));
    assertThat(read.items().get(1)).isSameAs(read.items().get(3));
  }
}
