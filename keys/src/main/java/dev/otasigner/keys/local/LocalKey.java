package dev.otasigner.keys.local;

import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;

/** A private key of one's own. */
public interface LocalKey {
  VerificationKey key();

  /** The key's signature in the encoding of its suite. */
  byte[] sign(SigningInput input);
}
