package dev.otasigner.verifier.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Expected bytes written down by hand from the OLPC canonical JSON grammar. */
class CanonicalJsonTests {
  private static String canonical(String text) throws Exception {
    return new String(JsonReader.read(text.getBytes(UTF_8), 4096).canonicalBytes(), UTF_8);
  }

  @Test
  void membersAreSortedAndSpacesGone() throws Exception {
    assertThat(canonical("{ \"b\" : 1, \"a\" : { \"z\" : [ ], \"y\" : { } } }"))
        .isEqualTo("{\"a\":{\"y\":{},\"z\":[]},\"b\":1}");
  }

  @Test
  void itemsKeepTheirOrder() throws Exception {
    assertThat(canonical("[3, 1, 2]")).isEqualTo("[3,1,2]");
  }

  @Test
  void onlyQuoteAndBackslashAreEscaped() throws Exception {
    assertThat(canonical("\"\\\" \\\\ \\/ \\n \\u0001 \\u007f\""))
        .isEqualTo("\"\\\" \\\\ / \n \u0001 \u007f\"");
  }

  @Test
  void textIsUtf8AndNeverEscaped() throws Exception {
    byte[] bytes =
        JsonReader.read("\"\\u00e9\\ud83d\\ude00\"".getBytes(UTF_8), 99).canonicalBytes();
    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("22c3a9f09f988022");
  }

  @Test
  void namesAreSortedByCodePointNotByUtf16() throws Exception {
    // U+FF61 sorts before U+1F600 by code point, after its surrogates by UTF-16.
    assertThat(canonical("{\"\\ud83d\\ude00\":1,\"\\uff61\":2}"))
        .isEqualTo("{\"\uff61\":2,\"\ud83d\ude00\":1}");
    assertThat(canonical("{\"\\uff61\":2,\"\\ud83d\\ude00\":1}"))
        .isEqualTo("{\"\uff61\":2,\"\ud83d\ude00\":1}");
  }

  @Test
  void aNameSortsAfterItsOwnPrefix() throws Exception {
    assertThat(canonical("{\"aa\":1,\"a\":2,\"\":3,\"B\":4}"))
        .isEqualTo("{\"\":3,\"B\":4,\"a\":2,\"aa\":1}");
  }

  @Test
  void canonicalBytesReadBackAreTheSameValue() throws Exception {
    Json value = JsonReader.read("{\"k\":[\"\\\\\",\"\\\"\",-1,null,true]}".getBytes(UTF_8), 99);
    assertThat(JsonReader.read(value.canonicalBytes(), 99)).isEqualTo(value);
  }
}
