package dev.otasigner.verifier.tuf;

import java.io.IOException;

/** The repository answered that it has no such file (HTTP 404), as opposed to not answering. */
public final class NotFoundException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The answer for this path. */
  public NotFoundException(String path) {
    super("not found: " + path);
  }
}
