package dev.otasigner.verifier.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.crypto.SuiteConcern.Kind;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SuiteConcernTests {
  private static final Instant END_OF_2030 = Instant.parse("2030-12-31T23:59:59Z");
  private static final Instant END_OF_2035 = Instant.parse("2035-12-31T23:59:59Z");
  private static final SignatureSuite RSA = SignatureSuite.RSA_PSS_2048_SHA256;
  private static final SignatureSuite ED = SignatureSuite.ED25519;

  private static List<Kind> kinds(SignatureSuite suite, Instant now, int strengthBits) {
    return SuiteConcern.of(List.of(suite), now, strengthBits).stream()
        .map(SuiteConcern::kind)
        .toList();
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void untilTheFirstEndNothingSpeaksAgainstAnySuite(SignatureSuite suite) {
    assertThat(kinds(suite, END_OF_2030, SuiteConcern.LEAST_STRENGTH_BITS)).isEmpty();
  }

  @Test
  void aSuiteIsDeprecatedFromTheSecondAfterItsEndAndDisallowedAfterTheNext() {
    assertThat(kinds(RSA, END_OF_2030.plusSeconds(1), 0)).containsExactly(Kind.DEPRECATED);
    assertThat(kinds(RSA, END_OF_2035, 0)).containsExactly(Kind.DEPRECATED);
    assertThat(kinds(RSA, END_OF_2035.plusSeconds(1), 0)).containsExactly(Kind.DISALLOWED);
    assertThat(kinds(ED, END_OF_2035, 0)).isEmpty();
    assertThat(kinds(ED, END_OF_2035.plusSeconds(1), 0)).containsExactly(Kind.DISALLOWED);
  }

  @Test
  void aSuiteWithoutAnEndIsNeverOver() {
    assertThat(kinds(SignatureSuite.ML_DSA_44, Instant.parse("2999-01-01T00:00:00Z"), 128))
        .isEmpty();
  }

  @Test
  void aSuiteBelowTheStrengthAskedForIsWeakWhateverTheTime() {
    assertThat(kinds(RSA, Instant.EPOCH, 112)).isEmpty();
    assertThat(kinds(RSA, Instant.EPOCH, 113)).containsExactly(Kind.WEAK);
    assertThat(kinds(RSA, END_OF_2035.plusSeconds(1), 128))
        .containsExactly(Kind.DISALLOWED, Kind.WEAK);
  }

  @Test
  void concernsStandInTheOrderOfTheRegistryAndOnceEach() {
    List<SuiteConcern> concerns =
        SuiteConcern.of(List.of(ED, RSA, ED), END_OF_2035.plusSeconds(1), 0);
    assertThat(concerns).extracting(SuiteConcern::suite).containsExactly(RSA, ED);
  }

  @Test
  void aConcernSaysWhatItIsInWordsAndInJson() {
    List<SuiteConcern> concerns = SuiteConcern.of(List.of(RSA), END_OF_2030.plusSeconds(1), 128);
    assertThat(concerns)
        .extracting(SuiteConcern::text)
        .containsExactly(
            "rsa-pss-2048-sha256 is deprecated after 2030-12-31T23:59:59Z",
            "rsa-pss-2048-sha256 has 112 bits of strength, not 128 bits");
    assertThat(new String(concerns.get(1).toJson().canonicalBytes(), UTF_8))
        .isEqualTo(
            "{\"concern\":\"weak\",\"suite\":\"rsa-pss-2048-sha256\",\"text\":"
                + "\"rsa-pss-2048-sha256 has 112 bits of strength, not 128 bits\"}");
    List<SuiteConcern> late = SuiteConcern.of(List.of(RSA), END_OF_2035.plusSeconds(1), 0);
    assertThat(late.get(0).text())
        .isEqualTo("rsa-pss-2048-sha256 is disallowed after 2035-12-31T23:59:59Z");
  }
}
