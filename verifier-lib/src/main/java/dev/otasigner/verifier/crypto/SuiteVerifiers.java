package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.crypto.VerificationKey.SuiteVerifier;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.HSSPublicKeyParameters;
import org.bouncycastle.crypto.params.MLDSAPublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.SLHDSAPublicKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.HSSSigner;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.signers.SLHDSASigner;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.bouncycastle.util.BigIntegers;

/**
 * One check per family, given a signature of a possible length. A new engine per call: they are not
 * thread-safe, and cheap.
 */
final class SuiteVerifiers {
  /** DER of DigestInfo up to the hash, RFC 8017 section 9.2 note 1. */
  private static final Map<String, byte[]> DIGEST_INFO =
      Map.of(
          "SHA-256", HexFormat.of().parseHex("3031300d060960864801650304020105000420"),
          "SHA-384", HexFormat.of().parseHex("3041300d060960864801650304020205000430"),
          "SHA-512", HexFormat.of().parseHex("3051300d060960864801650304020305000440"));

  private SuiteVerifiers() {}

  /**
   * RFC 8017 section 8.2.2: the one encoding is built and compared, so there is nothing to parse
   * and nothing to forge.
   */
  static SuiteVerifier rsaPkcs1(SignatureSuite suite, RSAKeyParameters key) {
    byte[] prefix = Objects.requireNonNull(DIGEST_INFO.get(suite.hash()), suite::code);
    int bytes = suite.parameter() / 8;
    return (hash, signature) -> {
      BigInteger s = new BigInteger(1, signature);
      if (s.compareTo(key.getModulus()) >= 0) {
        return false;
      }
      byte[] expected = new byte[bytes];
      Arrays.fill(expected, (byte) 0xff);
      int at = bytes - hash.length - prefix.length;
      expected[0] = 0;
      expected[1] = 1;
      expected[at - 1] = 0;
      System.arraycopy(prefix, 0, expected, at, prefix.length);
      System.arraycopy(hash, 0, expected, bytes - hash.length, hash.length);
      byte[] found =
          BigIntegers.asUnsignedByteArray(bytes, s.modPow(key.getExponent(), key.getModulus()));
      return MessageDigest.isEqual(expected, found);
    };
  }

  static SuiteVerifier rsaPss(SignatureSuite suite, RSAKeyParameters key) {
    return (hash, signature) -> {
      PSSSigner signer =
          PSSSigner.createRawSigner(
              new RSABlindedEngine(),
              lightweight(suite),
              lightweight(suite),
              hash.length,
              PSSSigner.TRAILER_IMPLICIT);
      signer.init(false, key);
      signer.update(hash, 0, hash.length);
      return signer.verifySignature(signature);
    };
  }

  static SuiteVerifier ecdsa(SignatureSuite suite, ECPublicKeyParameters key) {
    return (hash, signature) -> {
      BigInteger[] rs = DerEcdsa.read(signature);
      if (rs == null) {
        return false;
      }
      ECDSASigner signer = new ECDSASigner();
      signer.init(false, key);
      return signer.verifySignature(hash, rs[0], rs[1]);
    };
  }

  static SuiteVerifier ed25519(Ed25519PublicKeyParameters key) {
    byte[] encoded = key.getEncoded();
    return (message, signature) ->
        Ed25519.verify(signature, 0, encoded, 0, message, 0, message.length);
  }

  static SuiteVerifier mlDsa(MLDSAPublicKeyParameters key) {
    return (message, signature) -> {
      MLDSASigner signer = new MLDSASigner();
      signer.init(false, key);
      signer.update(message, 0, message.length);
      return signer.verifySignature(signature);
    };
  }

  static SuiteVerifier slhDsa(SLHDSAPublicKeyParameters key) {
    return (message, signature) -> {
      SLHDSASigner signer = new SLHDSASigner();
      signer.init(false, key);
      return signer.verifySignature(message, signature);
    };
  }

  static SuiteVerifier hss(HssShape shape, HSSPublicKeyParameters key) {
    return (message, signature) -> {
      if (!shape.fits(signature)) {
        return false;
      }
      HSSSigner signer = new HSSSigner();
      signer.init(false, key);
      return signer.verifySignature(message, signature);
    };
  }

  private static Digest lightweight(SignatureSuite suite) {
    return switch (String.valueOf(suite.hash())) {
      case "SHA-256" -> new SHA256Digest();
      case "SHA-384" -> new SHA384Digest();
      case "SHA-512" -> new SHA512Digest();
      default -> throw new IllegalStateException("no hash for " + suite);
    };
  }
}
