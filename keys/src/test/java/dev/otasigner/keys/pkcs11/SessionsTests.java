package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.PinRefused;
import org.junit.jupiter.api.Test;

/** What a token says of its PIN before anything is tried. SoftHSM never locks. */
class SessionsTests {
  private static SlotToken token(long flags) {
    return new SlotToken(1, "fleet", "0a", "maker", "model", Ck.CKF_TOKEN_INITIALIZED | flags);
  }

  @Test
  void aLockedPinIsNotTried() {
    assertThatThrownBy(() -> Sessions.requireTries(token(0x40000)))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("the PIN of token 'fleet' (serial 0a) is locked");
  }

  @Test
  void aPinBeforeItsLastTryIsNotTried() {
    assertThatThrownBy(() -> Sessions.requireTries(token(0x20000)))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("one more wrong PIN locks token 'fleet'")
        .hasMessageContaining("it was not tried");
  }

  @Test
  void aTokenThatHasSeenAWrongPinIsTried() {
    Sessions.requireTries(token(0x10000));
    assertThat(token(0x10000).isInitialized()).isTrue();
  }
}
