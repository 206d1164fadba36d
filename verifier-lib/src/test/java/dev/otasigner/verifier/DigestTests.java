package dev.otasigner.verifier;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class DigestTests {
  /** FIPS 180-4 example "abc". */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void theDigestIsSha256() {
    assertThat(Digest.of("abc".getBytes(US_ASCII)).hex()).isEqualTo(ABC);
    assertThat(Digest.of("abc".getBytes(US_ASCII)).abbreviated()).isEqualTo("ba7816bf");
  }

  @Test
  void onlySixtyFourLowerCaseHexDigitsAreADigest() {
    assertRefused(Reason.MALFORMED, () -> Digest.parse(ABC.toUpperCase(java.util.Locale.ROOT)));
    assertRefused(Reason.MALFORMED, () -> Digest.parse(ABC.substring(2)));
    assertRefused(Reason.MALFORMED, () -> Digest.parse(ABC + "00"));
    assertRefused(Reason.MALFORMED, () -> Digest.parse("sha256:" + ABC));
    assertThatIllegalArgumentException().isThrownBy(() -> new Digest("00"));
  }

  @Test
  void theBytesAreThoseOfTheHash() {
    assertThat(Digest.ofHash(new Digest(ABC).bytes())).isEqualTo(new Digest(ABC));
  }
}
