package dev.otasigner.verifier.manifest;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What an image file is. */
public enum ImageFormat {
  MCUBOOT,
  /** Bytes this system does not look into: only length and digest are judged. */
  OPAQUE;

  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static @Nullable ImageFormat ofCode(String code) {
    for (ImageFormat value : values()) {
      if (value.code().equals(code)) {
        return value;
      }
    }
    return null;
  }
}
