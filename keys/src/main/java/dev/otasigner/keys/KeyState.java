package dev.otasigner.keys;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The key states of NIST SP 800-57 part 1, section 7. Only an {@link #ACTIVE} key signs; whether
 * its old signatures still verify is the verifier's decision, not a state.
 */
public enum KeyState {
  PRE_ACTIVATION,
  ACTIVE,
  SUSPENDED,
  DEACTIVATED,
  COMPROMISED,
  DESTROYED;

  /** The states that may follow this one. A destroyed key stays destroyed. */
  public Set<KeyState> successors() {
    return switch (this) {
      case PRE_ACTIVATION -> EnumSet.of(ACTIVE, COMPROMISED, DESTROYED);
      case ACTIVE -> EnumSet.of(SUSPENDED, DEACTIVATED, COMPROMISED);
      case SUSPENDED -> EnumSet.of(ACTIVE, DEACTIVATED, COMPROMISED);
      case DEACTIVATED -> EnumSet.of(COMPROMISED, DESTROYED);
      case COMPROMISED -> EnumSet.of(DESTROYED);
      case DESTROYED -> EnumSet.noneOf(KeyState.class);
    };
  }

  public boolean mayBecome(KeyState next) {
    return successors().contains(next);
  }

  /** The name on the wire, such as {@code pre-activation}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The state of this name, or null when there is none. */
  public static @Nullable KeyState ofCode(String code) {
    for (KeyState state : values()) {
      if (state.code().equals(code)) {
        return state;
      }
    }
    return null;
  }
}
