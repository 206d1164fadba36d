package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey.SuiteVerifier;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.HSSPublicKeyParameters;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.SLHDSAParameters;
import org.bouncycastle.crypto.params.SLHDSAPublicKeyParameters;
import org.bouncycastle.math.ec.ECPoint;

/** Reads a SubjectPublicKeyInfo of exactly the suite's key type and size. */
final class SpkiReader {
  private static final BigInteger MIN_EXPONENT = BigInteger.valueOf(3);
  private static final int MAX_EXPONENT_BITS = 64;

  private static final Map<Integer, ASN1ObjectIdentifier> CURVES =
      Map.of(
          256, X9ObjectIdentifiers.prime256v1,
          384, SECObjectIdentifiers.secp384r1,
          521, SECObjectIdentifiers.secp521r1);
  private static final Map<Integer, ASN1ObjectIdentifier> ML_DSA =
      Map.of(
          44, NISTObjectIdentifiers.id_ml_dsa_44,
          65, NISTObjectIdentifiers.id_ml_dsa_65,
          87, NISTObjectIdentifiers.id_ml_dsa_87);
  private static final Map<Integer, ASN1ObjectIdentifier> SLH_DSA =
      Map.of(
          128, NISTObjectIdentifiers.id_slh_dsa_sha2_128s,
          192, NISTObjectIdentifiers.id_slh_dsa_sha2_192s);

  /** RFC 8410. */
  private static final ASN1ObjectIdentifier ED25519 = new ASN1ObjectIdentifier("1.3.101.112");

  private SpkiReader() {}

  static SuiteVerifier read(SignatureSuite suite, Bytes spki) throws RejectedException {
    if (spki.length() > VerificationKey.MAX_SPKI_BYTES) {
      throw new RejectedException(Reason.LIMIT_EXCEEDED, "public key over its limit");
    }
    try {
      DerShape.require(spki.toByteArray());
      SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(spki.toByteArray());
      // Only the one DER spelling: otherwise one key could have many keyids.
      if (!Bytes.copyOf(info.getEncoded(ASN1Encoding.DER)).equals(spki)) {
        throw new RejectedException(Reason.MALFORMED, "public key is not in DER");
      }
      byte[] key = info.getPublicKeyData().getOctets();
      return switch (suite.family()) {
        case RSA_PKCS1, RSA_PSS -> rsa(suite, info, key);
        case ECDSA -> ecdsa(suite, info, key);
        case ED25519 -> {
          requireAlgorithm(suite, info, ED25519);
          yield SuiteVerifiers.ed25519(new Ed25519PublicKeyParameters(key));
        }
        case ML_DSA -> {
          requireAlgorithm(suite, info, oid(ML_DSA, suite));
          yield SuiteVerifiers.mlDsa(new MLDSAPublicKeyParameters(mlDsa(suite), key));
        }
        case SLH_DSA -> {
          requireAlgorithm(suite, info, oid(SLH_DSA, suite));
          yield SuiteVerifiers.slhDsa(new SLHDSAPublicKeyParameters(slhDsa(suite), key));
        }
        case HSS_LMS -> {
          requireAlgorithm(suite, info, PKCSObjectIdentifiers.id_alg_hss_lms_hashsig);
          yield hss(key);
        }
      };
    } catch (IOException | RuntimeException e) {
      throw new RejectedException(Reason.MALFORMED, "not a public key of " + suite.code());
    }
  }

  private static SuiteVerifier rsa(SignatureSuite suite, SubjectPublicKeyInfo info, byte[] bits)
      throws RejectedException, IOException {
    requireOid(suite, info, PKCSObjectIdentifiers.rsaEncryption);
    AlgorithmIdentifier algorithm = info.getAlgorithm();
    if (!DERNull.INSTANCE.equals(algorithm.getParameters())) {
      throw new RejectedException(Reason.MALFORMED, "RSA key without NULL parameters (RFC 3279)");
    }
    DerShape.require(bits);
    RSAPublicKey key = RSAPublicKey.getInstance(bits);
    // The key within the BIT STRING has one spelling too; a negative number is not among them.
    if (!Arrays.equals(key.getEncoded(ASN1Encoding.DER), bits)) {
      throw new RejectedException(Reason.MALFORMED, "RSA key is not in DER");
    }
    BigInteger n = key.getModulus();
    BigInteger e = key.getPublicExponent();
    if (n.bitLength() != suite.parameter()) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM,
          "RSA modulus of another size",
          suite.parameter() + " bits",
          n.bitLength() + " bits");
    }
    if (!n.testBit(0) || e.compareTo(MIN_EXPONENT) < 0 || e.bitLength() > MAX_EXPONENT_BITS) {
      throw new RejectedException(Reason.MALFORMED, "RSA modulus or exponent out of range");
    }
    // Refuses an even exponent.
    RSAKeyParameters parameters = new RSAKeyParameters(false, n, e, true);
    return suite.family() == SignatureSuite.Family.RSA_PSS
        ? SuiteVerifiers.rsaPss(suite, parameters)
        : SuiteVerifiers.rsaPkcs1(suite, parameters);
  }

  private static SuiteVerifier ecdsa(SignatureSuite suite, SubjectPublicKeyInfo info, byte[] key)
      throws RejectedException {
    requireOid(suite, info, X9ObjectIdentifiers.id_ecPublicKey);
    ASN1ObjectIdentifier curve = oid(CURVES, suite);
    if (!curve.equals(info.getAlgorithm().getParameters())) {
      throw new RejectedException(Reason.UNSUPPORTED_ALGORITHM, "not a key of " + suite.code());
    }
    ECDomainParameters domain =
        new ECNamedDomainParameters(curve, CustomNamedCurves.getByOID(curve));
    if (key[0] != 4) {
      throw new RejectedException(Reason.MALFORMED, "EC point is not in its uncompressed form");
    }
    // decodePoint checks the length and that the point is on the curve; the constructor refuses
    // infinity.
    ECPoint point = domain.getCurve().decodePoint(key);
    return SuiteVerifiers.ecdsa(suite, new ECPublicKeyParameters(point, domain));
  }

  private static SuiteVerifier hss(byte[] key) throws RejectedException, IOException {
    HssShape shape = HssShape.of(key);
    return SuiteVerifiers.hss(shape, HSSPublicKeyParameters.getInstance(key));
  }

  /** For key types whose AlgorithmIdentifier has no parameters (RFC 8410, 9881, 9909, 9708). */
  private static void requireAlgorithm(
      SignatureSuite suite, SubjectPublicKeyInfo info, ASN1ObjectIdentifier oid)
      throws RejectedException {
    requireOid(suite, info, oid);
    if (info.getAlgorithm().getParameters() != null) {
      throw new RejectedException(Reason.MALFORMED, "key algorithm with parameters");
    }
  }

  private static void requireOid(
      SignatureSuite suite, SubjectPublicKeyInfo info, ASN1ObjectIdentifier oid)
      throws RejectedException {
    if (!oid.equals(info.getAlgorithm().getAlgorithm())) {
      throw new RejectedException(Reason.UNSUPPORTED_ALGORITHM, "not a key of " + suite.code());
    }
  }

  private static ASN1ObjectIdentifier oid(
      Map<Integer, ASN1ObjectIdentifier> oids, SignatureSuite suite) {
    return Objects.requireNonNull(oids.get(suite.parameter()), suite::code);
  }

  private static MLDSAParameters mlDsa(SignatureSuite suite) {
    return switch (suite.parameter()) {
      case 44 -> MLDSAParameters.ml_dsa_44;
      case 65 -> MLDSAParameters.ml_dsa_65;
      case 87 -> MLDSAParameters.ml_dsa_87;
      default -> throw new IllegalStateException("no parameters for " + suite);
    };
  }

  private static SLHDSAParameters slhDsa(SignatureSuite suite) {
    return switch (suite.parameter()) {
      case 128 -> SLHDSAParameters.sha2_128s;
      case 192 -> SLHDSAParameters.sha2_192s;
      default -> throw new IllegalStateException("no parameters for " + suite);
    };
  }
}
