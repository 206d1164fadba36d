package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyStateTests {

  @Test
  void onlyAFreshOrSuspendedKeyBecomesActive() {
    for (KeyState state : KeyState.values()) {
      assertThat(state.mayBecome(KeyState.ACTIVE))
          .as(state.code())
          .isEqualTo(state == KeyState.PRE_ACTIVATION || state == KeyState.SUSPENDED);
    }
  }

  @Test
  void aDestroyedKeyStaysDestroyed() {
    assertThat(KeyState.DESTROYED.successors()).isEmpty();
  }

  @Test
  void aCompromisedKeyCanOnlyBeDestroyed() {
    assertThat(KeyState.COMPROMISED.successors()).containsExactly(KeyState.DESTROYED);
  }

  @Test
  void aKeyThatSignsCannotBeDestroyedAtOnce() {
    assertThat(KeyState.ACTIVE.mayBecome(KeyState.DESTROYED)).isFalse();
    assertThat(KeyState.SUSPENDED.mayBecome(KeyState.DESTROYED)).isFalse();
  }

  @Test
  void everyStateButDestroyedCanBeCompromised() {
    for (KeyState state : KeyState.values()) {
      boolean over = state == KeyState.COMPROMISED || state == KeyState.DESTROYED;
      assertThat(state.mayBecome(KeyState.COMPROMISED)).as(state.code()).isEqualTo(!over);
    }
  }

  @Test
  void codesAreReadBack() {
    for (KeyState state : KeyState.values()) {
      assertThat(KeyState.ofCode(state.code())).isEqualTo(state);
    }
    for (KeyPurpose purpose : KeyPurpose.values()) {
      assertThat(KeyPurpose.ofCode(purpose.code())).isEqualTo(purpose);
    }
    assertThat(KeyState.ofCode("ACTIVE")).isNull();
    assertThat(KeyPurpose.ofCode("device_ca")).isNull();
  }
}
