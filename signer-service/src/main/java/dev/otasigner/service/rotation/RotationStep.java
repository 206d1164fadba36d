package dev.otasigner.service.rotation;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The steps by which one key takes another's place, in their order. */
enum RotationStep {
  /** The new key may sign. */
  INTRODUCE,
  /** A build is signed that devices take by the old key, and that brings them the new one. */
  SIGN,
  /** It is offered wherever devices need it. */
  BRIDGE,
  /** Nobody would be cut off any more without the old key. */
  FLEET,
  /** The old key signs nothing, and could again. */
  NEW_ONLY,
  /** The old key never signs again. */
  RETIRE,
  /** The old key is erased. */
  DESTROY;

  /** The name on the wire, such as {@code new-only}. */
  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The step of this name, or null when there is none. */
  static @Nullable RotationStep ofCode(String code) {
    for (RotationStep step : values()) {
      if (step.code().equals(code)) {
        return step;
      }
    }
    return null;
  }
}
