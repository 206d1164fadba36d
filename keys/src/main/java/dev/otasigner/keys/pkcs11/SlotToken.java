package dev.otasigner.keys.pkcs11;

import java.nio.charset.StandardCharsets;

/** A token in a slot, as it describes itself. */
record SlotToken(
    long slot, String label, String serial, String manufacturer, String model, long flags) {
  private static final long CKF_TOKEN_INITIALIZED = 0x400;

  boolean isInitialized() {
    return (flags & CKF_TOKEN_INITIALIZED) != 0;
  }

  boolean fits(Pkcs11Uri uri) {
    return uri.token().filter(value -> !value.equals(label)).isEmpty()
        && uri.serial().filter(value -> !value.equals(serial)).isEmpty()
        && uri.manufacturer().filter(value -> !value.equals(manufacturer)).isEmpty()
        && uri.model().filter(value -> !value.equals(model)).isEmpty()
        && (uri.slotId().isEmpty() || uri.slotId().getAsLong() == slot);
  }

  /** Characters that are bytes of UTF-8, padded with blanks. */
  static String text(char[] padded) {
    byte[] utf8 = new byte[padded.length];
    for (int i = 0; i < padded.length; i++) {
      utf8[i] = (byte) padded[i];
    }
    return new String(utf8, StandardCharsets.UTF_8).stripTrailing();
  }

  /** For a person who has to tell tokens apart. */
  String described() {
    return "'" + label + "' (serial " + serial + ")";
  }
}
