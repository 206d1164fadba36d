package dev.otasigner.device.transport;

import java.io.IOException;

/** The server answered with another status than the one hoped for. */
public final class StatusException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  public StatusException(String path, int status, String detail) {
    super(path + ": HTTP " + status + (detail.isEmpty() ? "" : ": " + detail));
    this.status = status;
  }

  public int status() {
    return status;
  }
}
