package dev.otasigner.keys;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;

/**
 * A key that a token holds, by what may be known of it.
 *
 * @param publicKey with its suite
 * @param onceExtractable whether it lies in a hardware module that does not vouch that it has
 *     always been inside: a copy may exist. A software token vouches for nothing, and marks none
 */
public record TokenKey(
    String name, KeyPurpose purpose, VerificationKey publicKey, boolean onceExtractable) {

  /** A key of which no module says that it was outside. */
  public TokenKey(String name, KeyPurpose purpose, VerificationKey publicKey) {
    this(name, purpose, publicKey, false);
  }

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return publicKey.keyId();
  }

  public SignatureSuite suite() {
    return publicKey.suite();
  }
}
