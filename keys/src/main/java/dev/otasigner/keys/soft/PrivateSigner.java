package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.function.Supplier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.DigestInfo;
import org.bouncycastle.crypto.AsymmetricBlockCipher;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.encodings.PKCS1Encoding;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.crypto.signers.HMacDSAKCalculator;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.signers.SLHDSASigner;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;

/**
 * One signing operation per family, with Bouncy Castle's lightweight API over hashes of the JDK,
 * and for RSA the arithmetic of {@link RsaProvider}. A new engine per call: engines are not
 * thread-safe, and cheap.
 */
final class PrivateSigner {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SignatureSuite suite;
  private final AsymmetricKeyParameter key;
  private final Supplier<AsymmetricBlockCipher> rsa;

  /**
   * A signer with one key.
   *
   * @param rsa who does the arithmetic, asked only for a key of RSA
   * @throws IllegalArgumentException when nobody here can sign with it
   */
  PrivateSigner(SignatureSuite suite, AsymmetricKeyParameter key, Supplier<RsaProvider> rsa) {
    this.suite = suite;
    this.key = key;
    this.rsa =
        key instanceof RSAPrivateCrtKeyParameters crt
            ? rsa.get().engines(crt)
            : RSABlindedEngine::new;
  }

  byte[] sign(SigningInput input) {
    byte[] bytes = toSign(suite, input);
    try {
      return switch (suite.family()) {
        case RSA_PKCS1 -> rsaPkcs1(bytes);
        case RSA_PSS -> rsaPss(bytes);
        case ECDSA -> ecdsa(suite, (ECPrivateKeyParameters) key, bytes);
        case ED25519 -> ed25519(key, bytes);
        case ML_DSA -> mlDsa(key, bytes);
        case SLH_DSA -> slhDsa(key, bytes);
        case HSS_LMS -> throw noHss();
      };
    } catch (CryptoException | IOException e) {
      throw new IllegalStateException("signing with " + suite.code() + " failed", e);
    }
  }

  /**
   * SP 800-208: each index may be used once only, which a file that can be restored cannot keep.
   */
  static NotSupported noHss() {
    return new NotSupported(
        "hss-lms keys are made and used in hardware only (SP 800-208): a software token could be"
            + " restored from a backup and use an index twice");
  }

  /** The hash for suites that hash first, else the message. */
  private static byte[] toSign(SignatureSuite suite, SigningInput input) {
    byte[] bytes = input.bytes().toByteArray();
    String hash = suite.hash();
    if (input instanceof SigningInput.Hash given) {
      if (!given.name().equals(hash)) {
        throw new NotSupported(suite.code() + " does not sign a " + given.name() + " hash");
      }
      return bytes;
    }
    return hash == null ? bytes : Digest.digest(hash).digest(bytes);
  }

  private byte[] rsaPkcs1(byte[] hash) throws CryptoException, IOException {
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(
            switch (String.valueOf(suite.hash())) {
              case "SHA-256" -> NISTObjectIdentifiers.id_sha256;
              case "SHA-384" -> NISTObjectIdentifiers.id_sha384;
              case "SHA-512" -> NISTObjectIdentifiers.id_sha512;
              default -> throw new IllegalStateException("no DigestInfo for " + suite);
            },
            DERNull.INSTANCE);
    byte[] info = new DigestInfo(algorithm, hash).getEncoded("DER");
    PKCS1Encoding engine = new PKCS1Encoding(rsa.get());
    engine.init(true, new ParametersWithRandom(key, RANDOM));
    return engine.processBlock(info, 0, info.length);
  }

  private byte[] rsaPss(byte[] hash) throws CryptoException {
    PSSSigner signer =
        PSSSigner.createRawSigner(
            rsa.get(),
            lightweight(suite),
            lightweight(suite),
            hash.length,
            PSSSigner.TRAILER_IMPLICIT);
    signer.init(true, new ParametersWithRandom(key, RANDOM));
    signer.update(hash, 0, hash.length);
    return signer.generateSignature();
  }

  /** RFC 6979: no random number whose repetition (a machine restored twice) would tell the key. */
  private static byte[] ecdsa(SignatureSuite suite, ECPrivateKeyParameters key, byte[] hash)
      throws IOException {
    ECDSASigner signer = new ECDSASigner(new HMacDSAKCalculator(lightweight(suite)));
    signer.init(true, key);
    BigInteger[] rs = signer.generateSignature(hash);
    return StandardDSAEncoding.INSTANCE.encode(key.getParameters().getN(), rs[0], rs[1]);
  }

  private static byte[] ed25519(AsymmetricKeyParameter key, byte[] message) {
    Ed25519Signer signer = new Ed25519Signer();
    signer.init(true, key);
    signer.update(message, 0, message.length);
    return signer.generateSignature();
  }

  /** Hedged, as FIPS 204 section 3.4 recommends. So for SLH-DSA. */
  private static byte[] mlDsa(AsymmetricKeyParameter key, byte[] message) throws CryptoException {
    MLDSASigner signer = new MLDSASigner();
    signer.init(true, new ParametersWithRandom(key, RANDOM));
    signer.update(message, 0, message.length);
    return signer.generateSignature();
  }

  private static byte[] slhDsa(AsymmetricKeyParameter key, byte[] message) {
    SLHDSASigner signer = new SLHDSASigner();
    signer.init(true, new ParametersWithRandom(key, RANDOM));
    return signer.generateSignature(message);
  }

  private static org.bouncycastle.crypto.Digest lightweight(SignatureSuite suite) {
    return switch (String.valueOf(suite.hash())) {
      case "SHA-256" -> new SHA256Digest();
      case "SHA-384" -> new SHA384Digest();
      case "SHA-512" -> new SHA512Digest();
      default -> throw new IllegalStateException("no hash for " + suite);
    };
  }
}
