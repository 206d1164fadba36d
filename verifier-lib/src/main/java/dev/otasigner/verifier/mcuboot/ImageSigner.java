package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;

/** A key that signs images, wherever it lives; the assembler only ever sees its signatures. */
public interface ImageSigner {
  /** The public key: it says what is to be signed, and every signature is verified with it. */
  VerificationKey key();

  /**
   * Signs: the hash of the image for RSA and ECDSA; the image's digest as a message for Ed25519,
   * and the whole signed region for pure Ed25519.
   *
   * @return RSA and Ed25519 as they are, ECDSA in DER
   * @throws IOException when no signature is to be had
   */
  byte[] sign(SigningInput input) throws IOException;
}
