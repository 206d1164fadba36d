package dev.otasigner.verifier;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytesTests {
  @Test
  void neitherTheSourceNorTheCopyCanChangeIt() {
    byte[] source = {1, 2, 3};
    Bytes bytes = Bytes.copyOf(source);
    source[0] = 9;
    bytes.toByteArray()[1] = 9;
    assertThat(bytes.hex()).isEqualTo("010203");
  }

  @Test
  void equalBytesAreEqual() throws Exception {
    assertThat(Bytes.ofHex("00ff")).isEqualTo(Bytes.copyOf(new byte[] {0, -1}));
    assertThat(Bytes.ofHex("00ff")).hasSameHashCodeAs(Bytes.copyOf(new byte[] {0, -1}));
    assertThat(Bytes.ofHex("00ff")).isNotEqualTo(Bytes.ofHex("00fe"));
    assertThat(Bytes.ofHex("00ff")).isNotEqualTo(Bytes.ofHex("00ff00"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0G", "FF", "0x00", " 00", "00 ", "００"})
  void hexIsLowerCaseAndEven(String hex) {
    assertRefused(Reason.MALFORMED, () -> Bytes.ofHex(hex));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"AA", "AA=", "AA= =", "AAA", "AB==", "AAB=", "A-_=", "AAAA\n", " AAAA", "="})
  void base64HasOneSpelling(String text) {
    assertRefused(Reason.MALFORMED, () -> Bytes.ofBase64(text));
  }

  @Test
  void base64OfTheStandardIsRead() throws Exception {
    // RFC 4648 section 10.
    assertThat(Bytes.ofBase64("Zm9vYmE=").hex()).isEqualTo("666f6f6261");
    assertThat(Bytes.ofBase64("").length()).isZero();
    assertThat(Bytes.ofBase64("+/8=").base64()).isEqualTo("+/8=");
  }

  @Test
  void longBytesArePrintedByTheirLength() {
    assertThat(Bytes.copyOf(new byte[65])).hasToString("65 bytes");
  }
}
