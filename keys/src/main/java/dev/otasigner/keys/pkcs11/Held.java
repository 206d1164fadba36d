package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SigningInput;

/**
 * A key in the token.
 *
 * @param id CKA_ID, which private key, public key and certificate share
 * @param handle of the private key
 */
record Held(TokenKey key, SuiteMechanism mechanism, Bytes id, long handle) {
  /** The key of this certificate, with what the module says of it. */
  static Held of(TokenObjects objects, TokenKey certified, Bytes id, long handle)
      throws CryptokiException {
    boolean onceExtractable = !KeyProtection.read(objects, handle).wasAlwaysInside();
    return new Held(
        new TokenKey(certified.name(), certified.purpose(), certified.publicKey(), onceExtractable),
        SuiteMechanism.of(certified.suite()),
        id,
        handle);
  }

  byte[] sign(TokenObjects objects, SigningInput input) throws CryptokiException {
    return mechanism.sign(objects, handle, input);
  }
}
