package dev.otasigner.keys.pkcs11;

/** A token in a slot, as it describes itself. */
record SlotToken(
    long slot, String label, String serial, String manufacturer, String model, long flags) {

  boolean isInitialized() {
    return has(Ck.CKF_TOKEN_INITIALIZED);
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }

  boolean fits(Pkcs11Uri uri) {
    return uri.token().filter(value -> !value.equals(label)).isEmpty()
        && uri.serial().filter(value -> !value.equals(serial)).isEmpty()
        && uri.manufacturer().filter(value -> !value.equals(manufacturer)).isEmpty()
        && uri.model().filter(value -> !value.equals(model)).isEmpty()
        && (uri.slotId().isEmpty() || uri.slotId().getAsLong() == slot);
  }

  /** For a person who has to tell tokens apart. */
  String described() {
    return "'" + label + "' (serial " + serial + ")";
  }
}
