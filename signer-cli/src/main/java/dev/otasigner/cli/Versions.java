package dev.otasigner.cli;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;

/** Versions as people type them. */
public final class Versions {
  private Versions() {}

  public static ImageVersion parse(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }

  /** {@code 34.12} as the wire writes it: {@code 34.12.0+0}. */
  public static String exact(String text) {
    return parse(text).toString();
  }
}
