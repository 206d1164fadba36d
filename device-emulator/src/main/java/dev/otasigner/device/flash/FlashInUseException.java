package dev.otasigner.device.flash;

/** The device in this file is switched on. */
public final class FlashInUseException extends FlashFileException {
  private static final long serialVersionUID = 1L;

  FlashInUseException(String message) {
    super(message);
  }

  FlashInUseException(String message, Throwable cause) {
    super(message, cause);
  }
}
