package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.PrivateKeyInfoFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;

/**
 * One private key in memory, which signs with one suite. The bytes of the key can be had by its own
 * package only, and {@link #toString} shows the public half.
 */
public final class SoftKey {
  private static final byte[] TRIAL = "pairwise consistency".getBytes(StandardCharsets.US_ASCII);

  private final VerificationKey publicKey;
  private final AsymmetricKeyParameter privateKey;
  private final PrivateSigner signer;

  private SoftKey(VerificationKey publicKey, AsymmetricKeyParameter privateKey) {
    this.publicKey = publicKey;
    this.privateKey = privateKey;
    this.signer = new PrivateSigner(publicKey.suite(), privateKey, RsaProvider::fastest);
  }

  static SoftKey generate(SignatureSuite suite) {
    return of(suite, PrivateKeys.generate(suite)).consistent();
  }

  /** A key that this token has sealed itself, and checked before. */
  static SoftKey ofSealed(SignatureSuite suite, byte[] pkcs8) {
    return of(suite, parse(suite, pkcs8));
  }

  /**
   * A key from elsewhere, which must sign what its public half verifies.
   *
   * @param pkcs8 PrivateKeyInfo in DER
   * @throws BadKey when it is not a key of the suite
   */
  static SoftKey ofForeign(SignatureSuite suite, byte[] pkcs8) {
    return of(suite, parse(suite, pkcs8)).consistent();
  }

  /**
   * The public half of a private key from elsewhere, which is not kept.
   *
   * @param pkcs8 PrivateKeyInfo in DER
   * @throws BadKey when it is not a key of the suite
   */
  public static VerificationKey publicHalf(SignatureSuite suite, byte[] pkcs8) {
    return ofForeign(suite, pkcs8).publicKey();
  }

  private static AsymmetricKeyParameter parse(SignatureSuite suite, byte[] pkcs8) {
    try {
      AsymmetricKeyParameter key = PrivateKeyFactory.createKey(pkcs8);
      if (key.isPrivate()) {
        return key;
      }
    } catch (IOException | RuntimeException e) {
      // The parser's own message may quote the key's bytes, so it is not passed on.
    }
    throw new BadKey("not a PKCS#8 private key of " + suite.code());
  }

  private static SoftKey of(SignatureSuite suite, AsymmetricKeyParameter key) {
    try {
      byte[] spki =
          SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(PrivateKeys.publicHalf(suite, key))
              .getEncoded(ASN1Encoding.DER);
      return new SoftKey(VerificationKey.of(suite, Bytes.copyOf(spki)), key);
    } catch (RejectedException | IllegalArgumentException e) {
      throw new BadKey("not a private key of " + suite.code() + ": " + e.getMessage());
    } catch (IOException e) {
      throw new IllegalStateException("encoding a public key failed", e);
    }
  }

  /** FIPS 140-3 pairwise consistency: a key whose halves do not belong together is refused. */
  private SoftKey consistent() {
    try {
      publicKey.verify(TRIAL, sign(SigningInput.message(TRIAL)));
      return this;
    } catch (RejectedException | RuntimeException e) {
      throw new BadKey("the halves of this " + publicKey.suite().code() + " key do not match");
    }
  }

  public VerificationKey publicKey() {
    return publicKey;
  }

  /**
   * The key's signature in the encoding of its suite.
   *
   * @throws dev.otasigner.keys.KeyOperationException.NotSupported when the input is a hash that the
   *     suite does not sign
   */
  public byte[] sign(SigningInput input) {
    return signer.sign(input);
  }

  /**
   * Hands PrivateKeyInfo in DER to somebody who takes the key into a token, and wipes it when that
   * returns.
   */
  public <T> T handOver(Function<byte[], T> receiver) {
    byte[] pkcs8 = pkcs8();
    try {
      return receiver.apply(pkcs8);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  AsymmetricKeyParameter privateKey() {
    return privateKey;
  }

  /** PrivateKeyInfo in DER, for sealing. */
  byte[] pkcs8() {
    try {
      return PrivateKeyInfoFactory.createPrivateKeyInfo(privateKey).getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("encoding a private key failed", e);
    }
  }

  @Override
  public String toString() {
    return "private half of " + publicKey;
  }
}
