package dev.otasigner.verifier;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageVersionTests {
  @Test
  void theWireFormReadsBack() throws Exception {
    assertThat(ImageVersion.parse("255.255.65535+4294967295"))
        .isEqualTo(new ImageVersion(255, 255, 65535, 4294967295L))
        .hasToString("255.255.65535+4294967295");
    assertThat(ImageVersion.parse("0.0.0+0")).isEqualTo(new ImageVersion(0, 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "34.12",
        "34.12.0",
        "01.0.0+0",
        "1.0.0+00",
        "256.0.0+0",
        "1.256.0+0",
        "1.0.65536+0",
        "1.0.0+4294967296",
        "1.0.0+99999999999999999999",
        "-1.0.0+0",
        "1.0.0-0",
        "v1.0.0+0",
        "1.0.0+0 ",
        "1.0.0+0\n",
        "١.0.0+0",
        ""
      })
  void anyOtherFormIsRefusedOnTheWire(String text) {
    assertRefused(Reason.MALFORMED, () -> ImageVersion.parse(text));
  }

  @ParameterizedTest
  @CsvSource({"34.12, 34.12.0+0", "34.12.1, 34.12.1+0", "34.12.1+7, 34.12.1+7", "1.2+3, 1.2.0+3"})
  void aPersonMayLeaveOutTheEnd(String typed, String version) throws Exception {
    assertThat(ImageVersion.parseLenient(typed)).hasToString(version);
  }

  @ParameterizedTest
  @CsvSource({
    "1.0.0+0, 2.0.0+0",
    "1.9.9+9, 2.0.0+0",
    "9.0.0+0, 10.0.0+0",
    "1.2.0+0, 1.10.0+0",
    "1.0.2+0, 1.0.10+0",
    "1.0.0+2147483647, 1.0.0+2147483648"
  })
  void versionsAreOrderedAsUnsignedIntegers(String older, String newer) throws Exception {
    ImageVersion a = ImageVersion.parse(older);
    ImageVersion b = ImageVersion.parse(newer);
    assertThat(b.isNewerThan(a)).isTrue();
    assertThat(a.isNewerThan(b)).isFalse();
    assertThat(a.isNewerThan(a)).isFalse();
  }

  @Test
  void aVersionOutOfRangeCannotBeMade() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ImageVersion(256, 0, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new ImageVersion(0, 0, 0, 1L << 32));
  }
}
