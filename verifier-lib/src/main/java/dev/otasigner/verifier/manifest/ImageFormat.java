package dev.otasigner.verifier.manifest;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What an image file is. */
public enum ImageFormat {
  /** An image of MCUboot's, as the package {@code mcuboot} reads it. */
  MCUBOOT,
  /** Bytes this system does not look into: only length and digest are judged. */
  OPAQUE;

  /** The name on the wire: {@code mcuboot}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The format of this name, or null when there is none. */
  public static @Nullable ImageFormat ofCode(String code) {
    for (ImageFormat value : values()) {
      if (value.code().equals(code)) {
        return value;
      }
    }
    return null;
  }
}
