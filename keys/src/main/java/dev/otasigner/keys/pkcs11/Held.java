package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;

/**
 * A key in the token.
 *
 * @param id CKA_ID, which private key, public key and certificate share
 * @param handle of the private key
 */
record Held(TokenKey key, SuiteMechanism mechanism, Bytes id, long handle) {
  Held(String name, KeyPurpose purpose, VerificationKey publicKey, Bytes id, long handle) {
    this(new TokenKey(name, purpose, publicKey), SuiteMechanism.of(publicKey.suite()), id, handle);
  }

  byte[] sign(TokenObjects objects, SigningInput input) throws CryptokiException {
    return mechanism.sign(objects, handle, input);
  }
}
