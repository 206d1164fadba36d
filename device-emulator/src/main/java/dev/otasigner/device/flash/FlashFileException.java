package dev.otasigner.device.flash;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The flash file is missing, in use, or does not hold what a device's flash holds. */
public sealed class FlashFileException extends IOException permits FlashInUseException {
  private static final long serialVersionUID = 1L;

  public FlashFileException(String message) {
    this(message, null);
  }

  public FlashFileException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
