package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.SignerException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContentRangeTests {

  @Test
  void aBodyWithoutARangeIsTheWholeFile() {
    assertThat(ContentRange.of(null, 10)).isEqualTo(new ContentRange(0, 9, 10));
    assertThat(ContentRange.of(null, 0)).isEqualTo(new ContentRange(0, -1, 0));
  }

  @Test
  void aRangeIsRead() {
    assertThat(ContentRange.of("bytes 3-9/10", 7)).isEqualTo(new ContentRange(3, 9, 10));
    assertThat(ContentRange.of("bytes 3-9/10", -1)).isEqualTo(new ContentRange(3, 9, 10));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes 0-9",
        "bytes 0-9/*",
        "bytes */10",
        "bytes 0-10/10",
        "bytes 9-8/10",
        "bytes 5-3/10",
        "bytes -1-3/10",
        "bytes 0-0/0",
        "bytes 0-9999999999999999999/9999999999999999999",
        "items 0-9/10",
        "bytes 0-9/10, 0-9/10"
      })
  void whatIsNoRangeIsRefused(String header) {
    assertThatThrownBy(() -> ContentRange.of(header, -1)).isInstanceOf(SignerException.class);
  }

  @ParameterizedTest
  @CsvSource({"bytes 0-9/10, 9", "bytes 0-9/10, 11", "bytes 0-9/10, 0"})
  void aBodyOfAnotherLengthThanItsRangeIsRefused(String header, long bodyBytes) {
    assertThatThrownBy(() -> ContentRange.of(header, bodyBytes))
        .hasMessageContaining("different lengths");
  }

  @Test
  void aBodyOfUnknownLengthWithoutARangeIsRefused() {
    assertThatThrownBy(() -> ContentRange.of(null, -1))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("Content-Range or Content-Length is expected");
  }
}
