package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.AsymmetricCipherKeyPairGenerator;
import org.bouncycastle.crypto.KeyGenerationParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.generators.MLDSAKeyPairGenerator;
import org.bouncycastle.crypto.generators.SLHDSAKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.MLDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.params.SLHDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.SLHDSAParameters;
import org.bouncycastle.crypto.params.SLHDSAPrivateKeyParameters;
import org.bouncycastle.crypto.params.SLHDSAPublicKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;

/** Makes private keys, and derives the public key from the private one. */
final class PrivateKeys {
  private static final Map<Integer, ASN1ObjectIdentifier> CURVES =
      Map.of(
          256, X9ObjectIdentifiers.prime256v1,
          384, SECObjectIdentifiers.secp384r1,
          521, SECObjectIdentifiers.secp521r1);

  private PrivateKeys() {}

  static AsymmetricKeyParameter generate(SignatureSuite suite) {
    SecureRandom random = new SecureRandom();
    return switch (suite.family()) {
      case RSA_PKCS1, RSA_PSS -> rsa(suite.parameter(), random);
      case ECDSA ->
          generate(
              new ECKeyPairGenerator(),
              new ECKeyGenerationParameters(domain(suite.parameter()), random));
      case ED25519 ->
          generate(new Ed25519KeyPairGenerator(), new Ed25519KeyGenerationParameters(random));
      case ML_DSA ->
          generate(
              new MLDSAKeyPairGenerator(), new MLDSAKeyGenerationParameters(random, mlDsa(suite)));
      case SLH_DSA ->
          generate(
              new SLHDSAKeyPairGenerator(),
              new SLHDSAKeyGenerationParameters(random, slhDsa(suite)));
      case HSS_LMS -> throw PrivateSigner.noHss();
    };
  }

  /**
   * The public half, computed from the private one: what a file claims about it is not asked.
   *
   * @throws BadKey when the private key is not of the suite's kind
   */
  static AsymmetricKeyParameter publicHalf(SignatureSuite suite, AsymmetricKeyParameter key) {
    switch (suite.family()) {
      case RSA_PKCS1, RSA_PSS -> {
        if (key instanceof RSAPrivateCrtKeyParameters rsa) {
          return new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent());
        }
      }
      case ECDSA -> {
        if (key instanceof ECPrivateKeyParameters ec
            && ec.getParameters() instanceof ECNamedDomainParameters named
            && named.getName().equals(CURVES.get(suite.parameter()))) {
          return new ECPublicKeyParameters(
              new FixedPointCombMultiplier().multiply(named.getG(), ec.getD()), named);
        }
      }
      case ED25519 -> {
        if (key instanceof Ed25519PrivateKeyParameters ed25519) {
          return ed25519.generatePublicKey();
        }
      }
      case ML_DSA -> {
        if (key instanceof MLDSAPrivateKeyParameters mlDsa
            && mlDsa.getParameters().equals(mlDsa(suite))) {
          return mlDsa.getPublicKeyParameters();
        }
      }
      case SLH_DSA -> {
        if (key instanceof SLHDSAPrivateKeyParameters slhDsa
            && slhDsa.getParameters().equals(slhDsa(suite))) {
          return new SLHDSAPublicKeyParameters(
              slhDsa.getParameters(), slhDsa.getEncodedPublicKey());
        }
      }
      case HSS_LMS -> throw PrivateSigner.noHss();
    }
    throw new BadKey("not a private key of " + suite.code());
  }

  /** What kind of key this is, for somebody who expected another. */
  static String kind(byte[] pkcs8) {
    try {
      AsymmetricKeyParameter key = PrivateKeyFactory.createKey(pkcs8);
      if (key instanceof RSAKeyParameters rsa) {
        return "RSA of " + rsa.getModulus().bitLength() + " bits";
      }
      if (key instanceof ECPrivateKeyParameters ec) {
        int bits = ec.getParameters().getCurve().getFieldSize();
        return ec.getParameters() instanceof ECNamedDomainParameters
            ? "EC of " + bits + " bits"
            : "EC whose curve is spelled out and not named";
      }
      String name = key.getClass().getSimpleName();
      return name.replace("PrivateKeyParameters", "");
    } catch (IOException | RuntimeException e) {
      return "of an unknown kind";
    }
  }

  private static AsymmetricKeyParameter generate(
      AsymmetricCipherKeyPairGenerator generator, KeyGenerationParameters parameters) {
    generator.init(parameters);
    return generator.generateKeyPair().getPrivate();
  }

  /** With the JDK, whose search for primes is several times faster. */
  private static AsymmetricKeyParameter rsa(int keyBits, SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(keyBits, random);
      return PrivateKeyFactory.createKey(generator.generateKeyPair().getPrivate().getEncoded());
    } catch (NoSuchAlgorithmException | IOException e) {
      throw new IllegalStateException("RSA is missing from this JDK", e);
    }
  }

  private static ECNamedDomainParameters domain(int curveBits) {
    ASN1ObjectIdentifier curve = CURVES.get(curveBits);
    if (curve == null) {
      throw new IllegalStateException("no curve of " + curveBits + " bits");
    }
    return new ECNamedDomainParameters(curve, CustomNamedCurves.getByOID(curve));
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
