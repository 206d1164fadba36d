package dev.otasigner.device.boot;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;

/** No image boots: the device is a brick. */
public final class UnbootableException extends IOException {
  private static final long serialVersionUID = 1L;

  UnbootableException(RejectedException refusal) {
    super("no image boots: " + refusal.getMessage(), refusal);
  }
}
