package dev.otasigner.service.authority;

import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;

/** Lets Bouncy Castle build a certificate around a signature that the token makes. */
final class TokenContentSigner implements ContentSigner {
  private final AlgorithmIdentifier algorithm;
  private final UnaryOperator<byte[]> token;
  private final ByteArrayOutputStream toBeSigned = new ByteArrayOutputStream();

  TokenContentSigner(SignatureSuite suite, UnaryOperator<byte[]> token) {
    this.algorithm =
        suite == SignatureSuite.RSA_PKCS1_2048_SHA256
            ? new AlgorithmIdentifier(
                PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE)
            : new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA384);
    this.token = token;
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
