package dev.otasigner.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RejectedExceptionTests {
  @Test
  void theMessageTellsWhatWasExpectedAndFoundAndWhere() {
    RejectedException refusal =
        new RejectedException(Reason.IMAGE_HASH, "image hash", "aa", "bb").in("gw.img").at(512);
    assertThat(refusal).hasMessage("gw.img: image hash (expected aa, found bb) at byte 512");
    assertThat(refusal.offset()).isEqualTo(512);
  }

  @Test
  void anotherNameKeepsTheFirstRefusalAsItsCause() {
    RejectedException first = new RejectedException(Reason.BAD_SIGNATURE, "signature", 1, 2);
    RejectedException second = first.as(Reason.MANIFEST_RULE_NOT_MET);
    assertThat(second.reason()).isEqualTo(Reason.MANIFEST_RULE_NOT_MET);
    assertThat(second).hasMessage(first.getMessage()).hasCause(first);
    assertThat(second.expected()).isEqualTo("1");
    assertThat(second.actual()).isEqualTo("2");
  }

  @Test
  void aRefusalQuotesNoMoreThanAFewHundredCharacters() {
    String megabyte = "x".repeat(1 << 20);
    RejectedException refusal =
        new RejectedException(Reason.MALFORMED, megabyte, megabyte, megabyte).in("there").at(7);
    assertThat(String.valueOf(refusal.getMessage())).hasSizeLessThan(2000).endsWith("at byte 7");
  }

  @Test
  void aRefusalWithoutValuesHasNone() {
    RejectedException refusal = new RejectedException(Reason.MALFORMED, "broken");
    assertThat(refusal.expected()).isNull();
    assertThat(refusal.actual()).isNull();
    assertThat(refusal.offset()).isEqualTo(-1);
  }
}
