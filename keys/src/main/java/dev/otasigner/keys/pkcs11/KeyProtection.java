package dev.otasigner.keys.pkcs11;

/**
 * How a token keeps a private key, in its own words.
 *
 * @param sensitive its value does not show in clear (CKA_SENSITIVE)
 * @param extractable it can leave the token, encrypted under another key (CKA_EXTRACTABLE)
 * @param alwaysSensitive it was sensitive since it was made in the token (CKA_ALWAYS_SENSITIVE)
 * @param neverExtractable it could never leave the token (CKA_NEVER_EXTRACTABLE)
 */
public record KeyProtection(
    boolean sensitive, boolean extractable, boolean alwaysSensitive, boolean neverExtractable) {

  static KeyProtection read(TokenObjects objects, long key) throws CryptokiException {
    return new KeyProtection(
        objects.flag(key, Ck.CKA_SENSITIVE),
        objects.flag(key, Ck.CKA_EXTRACTABLE),
        objects.flag(key, Ck.CKA_ALWAYS_SENSITIVE),
        objects.flag(key, Ck.CKA_NEVER_EXTRACTABLE));
  }

  /** Whether the key stays where it is from now on. */
  public boolean staysInside() {
    return sensitive && !extractable;
  }

  /** Whether nobody can have a copy: made in the token, and never let out. */
  public boolean wasAlwaysInside() {
    return staysInside() && alwaysSensitive && neverExtractable;
  }
}
