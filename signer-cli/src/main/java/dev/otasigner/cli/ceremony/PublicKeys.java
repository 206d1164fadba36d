package dev.otasigner.cli.ceremony;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Public keys that a catalogue can name, as PEM. */
final class PublicKeys {
  private static final int MAX_CHARACTERS = 16 * 1024;
  private static final Pattern PEM =
      Pattern.compile(
          "\\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----\\s*");

  /** One for each type and size, as devices' clients know them. */
  private static final List<SignatureSuite> SUITES =
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

  private PublicKeys() {}

  /**
   * The key in one PEM block.
   *
   * @param where it stands, for the refusal
   * @throws RejectedException MALFORMED when it is no such block; UNSUPPORTED_ALGORITHM when it is
   *     the key of no suite that a catalogue can name
   */
  static VerificationKey read(String pem, String where) throws RejectedException {
    Matcher block = PEM.matcher(pem);
    if (pem.length() > MAX_CHARACTERS || !block.matches()) {
      throw new RejectedException(
          Reason.MALFORMED, where + ": one PUBLIC KEY block in PEM is expected");
    }
    Bytes spki = Bytes.ofBase64(block.group(1).replaceAll("\\s", ""));
    for (SignatureSuite suite : SUITES) {
      try {
        return VerificationKey.of(suite, spki);
      } catch (RejectedException e) {
        // not a key of this suite; the next one may fit
      }
    }
    throw new RejectedException(
        Reason.UNSUPPORTED_ALGORITHM, where + ": not an Ed25519, P-256, P-384, RSA or ML-DSA key");
  }
}
