package dev.otasigner.keys;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;

/**
 * A key that a token holds, by what may be known of it.
 *
 * @param publicKey with its suite
 */
public record TokenKey(String name, KeyPurpose purpose, VerificationKey publicKey) {

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return publicKey.keyId();
  }

  public SignatureSuite suite() {
    return publicKey.suite();
  }
}
