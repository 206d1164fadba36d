package dev.otasigner.service.signing;

import java.io.IOException;

/** A body ended before its end: who sent it is gone. */
final class BrokenOffException extends IOException {
  private static final long serialVersionUID = 1L;

  BrokenOffException(long atByte, Throwable cause) {
    super("broken off at byte " + atByte, cause);
  }
}
