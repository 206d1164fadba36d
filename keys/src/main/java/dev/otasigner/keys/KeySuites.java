package dev.otasigner.keys;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;

/** The suite that is meant when a key comes without one, as in a PEM file. */
public final class KeySuites {
  /** One suite for each key type and size: the one in widest use outside of images. */
  public static final List<SignatureSuite> USUAL =
      List.of(
          SignatureSuite.RSA_PKCS1_2048_SHA256,
          SignatureSuite.RSA_PKCS1_3072_SHA256,
          SignatureSuite.RSA_PKCS1_4096_SHA256,
          SignatureSuite.ECDSA_P256_SHA256,
          SignatureSuite.ECDSA_P384_SHA384,
          SignatureSuite.ECDSA_P521_SHA512,
          SignatureSuite.ED25519,
          SignatureSuite.ML_DSA_44,
          SignatureSuite.ML_DSA_65,
          SignatureSuite.ML_DSA_87,
          SignatureSuite.SLH_DSA_SHA2_128S,
          SignatureSuite.SLH_DSA_SHA2_192S);

  /** What MCUboot bootloaders check. */
  public static final List<SignatureSuite> IMAGE =
      List.of(
          SignatureSuite.RSA_PSS_2048_SHA256,
          SignatureSuite.RSA_PSS_3072_SHA256,
          SignatureSuite.ECDSA_P256_SHA256,
          SignatureSuite.ECDSA_P384_SHA384,
          SignatureSuite.ED25519);

  /** What the keys of a catalogue sign with, TUF's own schemes and TAP 21's. */
  public static final List<SignatureSuite> CATALOGUE =
      List.of(
          SignatureSuite.ED25519,
          SignatureSuite.ECDSA_P256_SHA256,
          SignatureSuite.ECDSA_P384_SHA384,
          SignatureSuite.RSA_PSS_2048_SHA256,
          SignatureSuite.RSA_PSS_3072_SHA256,
          SignatureSuite.RSA_PSS_4096_SHA256,
          SignatureSuite.ML_DSA_44,
          SignatureSuite.ML_DSA_65,
          SignatureSuite.ML_DSA_87);

  private KeySuites() {}

  /**
   * The public key with the usual suite of its type and size.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM when the registry has none
   */
  public static VerificationKey usual(Bytes spki) throws RejectedException {
    for (SignatureSuite suite : USUAL) {
      try {
        return VerificationKey.of(suite, spki);
      } catch (RejectedException e) {
        // not a key of this suite; the next one may fit
      }
    }
    throw new RejectedException(Reason.UNSUPPORTED_ALGORITHM, "a public key of no known suite");
  }
}
