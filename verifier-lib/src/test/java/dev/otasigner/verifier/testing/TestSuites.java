package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.AsymmetricCipherKeyPairGenerator;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.encodings.PKCS1Encoding;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.generators.HSSKeyPairGenerator;
import org.bouncycastle.crypto.generators.MLDSAKeyPairGenerator;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.generators.SLHDSAKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.crypto.params.HSSKeyGenerationParameters;
import org.bouncycastle.crypto.params.LMOtsParameters;
import org.bouncycastle.crypto.params.LMSParameters;
import org.bouncycastle.crypto.params.LMSigParameters;
import org.bouncycastle.crypto.params.MLDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.SLHDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.SLHDSAParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.crypto.signers.HSSSigner;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.signers.SLHDSASigner;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;

/** Key generation and signing, family by family, for {@link TestKey}. */
final class TestSuites {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** DER of DigestInfo up to the hash, RFC 8017 section 9.2 note 1. */
  private static final Map<String, String> DIGEST_INFO =
      Map.of(
          "SHA-256", "3031300d060960864801650304020105000420",
          "SHA-384", "3041300d060960864801650304020205000430",
          "SHA-512", "3051300d060960864801650304020305000440");

  private TestSuites() {}

  static AsymmetricCipherKeyPair generate(SignatureSuite suite) {
    return switch (suite.family()) {
      case RSA_PKCS1, RSA_PSS ->
          with(
              new RSAKeyPairGenerator(),
              new RSAKeyGenerationParameters(
                  BigInteger.valueOf(65537), RANDOM, suite.parameter(), 100));
      case ECDSA ->
          with(new ECKeyPairGenerator(), new ECKeyGenerationParameters(domain(suite), RANDOM));
      case ED25519 ->
          with(new Ed25519KeyPairGenerator(), new Ed25519KeyGenerationParameters(RANDOM));
      case ML_DSA ->
          with(new MLDSAKeyPairGenerator(), new MLDSAKeyGenerationParameters(RANDOM, mlDsa(suite)));
      case SLH_DSA ->
          with(
              new SLHDSAKeyPairGenerator(),
              new SLHDSAKeyGenerationParameters(
                  RANDOM,
                  suite == SignatureSuite.SLH_DSA_SHA2_128S
                      ? SLHDSAParameters.sha2_128s
                      : SLHDSAParameters.sha2_192s));
      case HSS_LMS ->
          with(
              new HSSKeyPairGenerator(),
              new HSSKeyGenerationParameters(
                  new LMSParameters[] {
                    new LMSParameters(
                        LMSigParameters.lms_sha256_n32_h5, LMOtsParameters.sha256_n32_w8)
                  },
                  RANDOM));
    };
  }

  /** Signs the hash for suites that hash first, else the message. */
  static byte[] sign(SignatureSuite suite, AsymmetricKeyParameter secret, byte[] input)
      throws IOException, CryptoException {
    return switch (suite.family()) {
      case RSA_PKCS1 -> pkcs1(suite, secret, input);
      case RSA_PSS -> pss(suite, secret, input);
      case ECDSA -> ecdsa(secret, input);
      case ED25519 -> {
        Ed25519Signer signer = new Ed25519Signer();
        signer.init(true, secret);
        signer.update(input, 0, input.length);
        yield signer.generateSignature();
      }
      case ML_DSA -> {
        MLDSASigner signer = new MLDSASigner();
        signer.init(true, secret);
        signer.update(input, 0, input.length);
        yield signer.generateSignature();
      }
      case SLH_DSA -> {
        SLHDSASigner signer = new SLHDSASigner();
        signer.init(true, secret);
        yield signer.generateSignature(input);
      }
      case HSS_LMS -> {
        HSSSigner signer = new HSSSigner();
        signer.init(true, secret);
        yield signer.generateSignature(input);
      }
    };
  }

  private static AsymmetricCipherKeyPair with(
      AsymmetricCipherKeyPairGenerator generator,
      org.bouncycastle.crypto.KeyGenerationParameters parameters) {
    generator.init(parameters);
    return generator.generateKeyPair();
  }

  private static byte[] pkcs1(SignatureSuite suite, AsymmetricKeyParameter secret, byte[] hash)
      throws InvalidCipherTextException {
    String prefix = DIGEST_INFO.get(String.valueOf(suite.hash()));
    byte[] info = HexFormat.of().parseHex(prefix + HexFormat.of().formatHex(hash));
    PKCS1Encoding engine = new PKCS1Encoding(new RSABlindedEngine());
    engine.init(true, secret);
    return engine.processBlock(info, 0, info.length);
  }

  private static byte[] pss(SignatureSuite suite, AsymmetricKeyParameter secret, byte[] hash)
      throws CryptoException {
    PSSSigner signer =
        PSSSigner.createRawSigner(
            new RSABlindedEngine(),
            digest(suite),
            digest(suite),
            hash.length,
            PSSSigner.TRAILER_IMPLICIT);
    signer.init(true, secret);
    signer.update(hash, 0, hash.length);
    return signer.generateSignature();
  }

  private static byte[] ecdsa(AsymmetricKeyParameter secret, byte[] hash) throws IOException {
    ECDSASigner signer = new ECDSASigner();
    signer.init(true, secret);
    BigInteger[] rs = signer.generateSignature(hash);
    return StandardDSAEncoding.INSTANCE.encode(signer.getOrder(), rs[0], rs[1]);
  }

  private static ECNamedDomainParameters domain(SignatureSuite suite) {
    ASN1ObjectIdentifier curve =
        switch (suite.parameter()) {
          case 256 -> X9ObjectIdentifiers.prime256v1;
          case 384 -> SECObjectIdentifiers.secp384r1;
          default -> SECObjectIdentifiers.secp521r1;
        };
    return new ECNamedDomainParameters(curve, CustomNamedCurves.getByOID(curve));
  }

  private static MLDSAParameters mlDsa(SignatureSuite suite) {
    return switch (suite.parameter()) {
      case 44 -> MLDSAParameters.ml_dsa_44;
      case 65 -> MLDSAParameters.ml_dsa_65;
      default -> MLDSAParameters.ml_dsa_87;
    };
  }

  private static Digest digest(SignatureSuite suite) {
    return switch (String.valueOf(suite.hash())) {
      case "SHA-384" -> new SHA384Digest();
      case "SHA-512" -> new SHA512Digest();
      default -> new SHA256Digest();
    };
  }
}
