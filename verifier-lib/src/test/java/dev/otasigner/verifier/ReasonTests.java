package dev.otasigner.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReasonTests {
  @Test
  void everyReasonIsFoundByItsCode() {
    for (Reason reason : Reason.values()) {
      assertThat(reason.code()).matches("[a-z0-9-]{1,32}");
      assertThat(Reason.ofCode(reason.code())).isEqualTo(reason);
    }
  }

  @Test
  void anUnknownCodeIsNoReason() {
    assertThat(Reason.ofCode("no-such-reason")).isNull();
    assertThat(Reason.ofCode("MALFORMED")).isNull();
  }
}
