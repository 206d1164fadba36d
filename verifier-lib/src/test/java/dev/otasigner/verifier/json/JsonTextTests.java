package dev.otasigner.verifier.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.RejectedException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JsonTextTests {
  private static final Json.Obj PEM =
      Json.object().put("public", "-----BEGIN\nab\"\\\tc\u0001\n").build();

  @Test
  void aDocumentWithLineEndsInAStringIsReadBackAsItWas() throws Exception {
    assertThat(JsonReader.read(PEM.textBytes(), 1000)).isEqualTo(PEM);
  }

  @Test
  void onlyControlCharactersAreEscapedInText() {
    Json value = new Json.Str("a b\nc\u001fd\u007f");
    assertThat(new String(value.textBytes(), StandardCharsets.UTF_8))
        .isEqualTo("\"a b\\nc\\u001fd\u007f\"");
  }

  @Test
  void theCanonicalFormLeavesControlCharactersAsTheyAre() {
    byte[] canonical = PEM.canonicalBytes();
    assertThat(new String(canonical, StandardCharsets.UTF_8)).contains("BEGIN\nab");
    assertThatThrownBy(() -> JsonReader.read(canonical, 1000))
        .isInstanceOf(RejectedException.class);
  }

  @Test
  void theCanonicalFormIsReadBackAsItWas() throws Exception {
    assertThat(JsonReader.readCanonical(PEM.canonicalBytes(), 1000)).isEqualTo(PEM);
  }

  @Test
  void anotherSpellingIsNotReadAsCanonical() {
    for (String text : new String[] {"{ }", "{\"b\":1,\"a\":1}", "{\"a\":\"\\n\"}", "[]"}) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      assertThatThrownBy(() -> JsonReader.readCanonical(bytes, 1000))
          .isInstanceOf(RejectedException.class);
    }
  }
}
