package dev.otasigner.keys;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;

/** Lets Bouncy Castle build a certificate around a signature that a token makes. */
public final class CertificateSigner implements ContentSigner {
  private final AlgorithmIdentifier algorithm;
  private final UnaryOperator<byte[]> token;
  private final ByteArrayOutputStream toBeSigned = new ByteArrayOutputStream();

  /**
   * One signature.
   *
   * @param token the key's signature of a message, in the encoding of the suite
   * @throws NotSupported for a suite that has no name in certificates here: HSS/LMS
   */
  public CertificateSigner(SignatureSuite suite, UnaryOperator<byte[]> token) {
    this.algorithm = new DefaultSignatureAlgorithmIdentifierFinder().find(name(suite));
    this.token = token;
  }

  private static String name(SignatureSuite suite) {
    String hash = String.valueOf(suite.hash()).replace("-", "");
    return switch (suite.family()) {
      case RSA_PKCS1 -> hash + "WITHRSA";
      case RSA_PSS -> hash + "WITHRSAANDMGF1";
      case ECDSA -> hash + "WITHECDSA";
      case ED25519 -> "ED25519";
      case ML_DSA, SLH_DSA -> suite.code().toUpperCase(Locale.ROOT);
      case HSS_LMS -> throw new NotSupported(suite.code() + " keys sign no certificates");
    };
  }

  @Override
  public AlgorithmIdentifier getAlgorithmIdentifier() {
    return algorithm;
  }

  @Override
  public OutputStream getOutputStream() {
    return toBeSigned;
  }

  @Override
  public byte[] getSignature() {
    return token.apply(toBeSigned.toByteArray());
  }
}
