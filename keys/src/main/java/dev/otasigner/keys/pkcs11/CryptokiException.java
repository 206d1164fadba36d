package dev.otasigner.keys.pkcs11;

/** A function of the module returned something else than CKR_OK. */
final class CryptokiException extends Exception {
  private static final long serialVersionUID = 1L;
  private final long code;

  CryptokiException(long code, String name) {
    super(name);
    this.code = code;
  }

  long code() {
    return code;
  }
}
