package dev.otasigner.device.flash;

import java.io.IOException;

/** What should be stored does not fit its region; nothing was changed. */
public final class FlashFullException extends IOException {
  private static final long serialVersionUID = 1L;

  FlashFullException(String message) {
    super(message);
  }
}
