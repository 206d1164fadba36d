package dev.otasigner.device.transport;

import java.io.IOException;

/** The server sent more than the device takes. */
public final class BodyTooLongException extends IOException {
  private static final long serialVersionUID = 1L;

  public BodyTooLongException(long maxBytes) {
    super("body over " + maxBytes + " bytes");
  }
}
