package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.pkcs11.MechanismTable.KeySizes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.DigestInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;

/**
 * How a suite is signed behind PKCS#11. Hashes are handed over, because an image's is made
 * elsewhere.
 */
final class SuiteMechanism {
  private static final int LARGEST_CURVE = 384;

  private final SignatureSuite suite;
  private final Mechanism generation;
  private final Mechanism signing;

  private record Mechanism(long code, String name, long flag) {}

  private static final Mechanism RSA_GENERATION =
      new Mechanism(
          Ck.CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN", Ck.CKF_GENERATE_KEY_PAIR);
  private static final Mechanism EC_GENERATION =
      new Mechanism(Ck.CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN", Ck.CKF_GENERATE_KEY_PAIR);

  private SuiteMechanism(SignatureSuite suite, Mechanism generation, Mechanism signing) {
    this.suite = suite;
    this.generation = generation;
    this.signing = signing;
  }

  /**
   * The suite's mechanism.
   *
   * @throws NotSupported when PKCS#11 2.40 has none
   */
  static SuiteMechanism of(SignatureSuite suite) {
    return switch (suite.family()) {
      case RSA_PKCS1 ->
          new SuiteMechanism(
              suite, RSA_GENERATION, new Mechanism(Ck.CKM_RSA_PKCS, "CKM_RSA_PKCS", Ck.CKF_SIGN));
      case RSA_PSS ->
          new SuiteMechanism(
              suite,
              RSA_GENERATION,
              new Mechanism(Ck.CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS", Ck.CKF_SIGN));
      case ECDSA -> {
        if (suite.parameter() > LARGEST_CURVE) {
          throw notSupported(suite);
        }
        yield new SuiteMechanism(
            suite, EC_GENERATION, new Mechanism(Ck.CKM_ECDSA, "CKM_ECDSA", Ck.CKF_SIGN));
      }
      case ED25519, ML_DSA, SLH_DSA, HSS_LMS -> throw notSupported(suite);
    };
  }

  static boolean isKnown(SignatureSuite suite) {
    return switch (suite.family()) {
      case RSA_PKCS1, RSA_PSS -> true;
      case ECDSA -> suite.parameter() <= LARGEST_CURVE;
      case ED25519, ML_DSA, SLH_DSA, HSS_LMS -> false;
    };
  }

  private static NotSupported notSupported(SignatureSuite suite) {
    return new NotSupported(
        suite.code()
            + " keys are not used behind PKCS#11: RSA-2048 to 4096, ECDSA P-256 and P-384 are");
  }

  /**
   * Says that the token cannot make a key of the suite, if it cannot.
   *
   * @throws NotSupported then, naming suite and mechanism
   */
  void requireGeneration(MechanismTable table, long slot) throws CryptokiException {
    require(table, slot, generation);
    requireSigning(table, slot);
  }

  /**
   * Says that the token cannot sign with a key of the suite, if it cannot.
   *
   * @throws NotSupported then, naming suite and mechanism
   */
  void requireSigning(MechanismTable table, long slot) throws CryptokiException {
    require(table, slot, signing);
  }

  private void require(MechanismTable table, long slot, Mechanism mechanism)
      throws CryptokiException {
    Optional<KeySizes> sizes = table.sizes(slot, mechanism.code());
    if (sizes.isEmpty() || !sizes.get().has(mechanism.flag())) {
      throw new NotSupported(
          "this token does not do " + suite.code() + ": it has no " + mechanism.name());
    }
    if (!sizes.get().include(suite.parameter())) {
      throw new NotSupported(
          "this token does not do "
              + suite.code()
              + ": its "
              + mechanism.name()
              + " takes keys of "
              + sizes.get().min()
              + " to "
              + sizes.get().max()
              + " bits");
    }
  }

  SignatureSuite suite() {
    return suite;
  }

  boolean isRsa() {
    return suite.family() != SignatureSuite.Family.ECDSA;
  }

  long keyType() {
    return isRsa() ? Ck.CKK_RSA : Ck.CKK_EC;
  }

  long generationCode() {
    return generation.code();
  }

  /** The key's signature in the encoding of the suite. */
  byte[] sign(TokenObjects objects, long key, SigningInput input) throws CryptokiException {
    boolean pss = suite.family() == SignatureSuite.Family.RSA_PSS;
    return encoded(objects.sign(signing.code(), pss ? suite.hash() : null, key, toBeSigned(input)));
  }

  /** What a public key is made with. */
  Template complete(Template publicKey) {
    return isRsa()
        ? publicKey
            .with(Ck.CKA_MODULUS_BITS, (long) suite.parameter())
            .with(Ck.CKA_PUBLIC_EXPONENT, BigInteger.valueOf(65_537).toByteArray())
        : publicKey.with(Ck.CKA_EC_PARAMS, curve());
  }

  /** How long an uncompressed point of the curve is. */
  int pointBytes() {
    return 1 + 2 * ((suite.parameter() + 7) / 8);
  }

  /** DER of the curve's name. */
  byte[] curve() {
    ASN1ObjectIdentifier oid =
        suite.parameter() == 256 ? X9ObjectIdentifiers.prime256v1 : SECObjectIdentifiers.secp384r1;
    try {
      return oid.getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException("an object identifier that cannot be written", e);
    }
  }

  /** What the module is given: the hash, for PKCS#1 in its DigestInfo (RFC 8017 section 9.2). */
  private byte[] toBeSigned(SigningInput input) {
    byte[] hash = hash(input);
    if (suite.family() != SignatureSuite.Family.RSA_PKCS1) {
      return hash;
    }
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(
            switch (String.valueOf(suite.hash())) {
              case "SHA-256" -> NISTObjectIdentifiers.id_sha256;
              case "SHA-384" -> NISTObjectIdentifiers.id_sha384;
              case "SHA-512" -> NISTObjectIdentifiers.id_sha512;
              default -> throw new IllegalStateException("no DigestInfo for " + suite);
            },
            DERNull.INSTANCE);
    try {
      return new DigestInfo(algorithm, hash).getEncoded("DER");
    } catch (IOException e) {
      throw new IllegalStateException("a DigestInfo that cannot be written", e);
    }
  }

  private byte[] hash(SigningInput input) {
    byte[] bytes = input.bytes().toByteArray();
    String hash = String.valueOf(suite.hash());
    if (input instanceof SigningInput.Hash given) {
      if (!given.name().equals(hash)) {
        throw new NotSupported(suite.code() + " does not sign a " + given.name() + " hash");
      }
      return bytes;
    }
    return Digest.digest(hash).digest(bytes);
  }

  /** The suite's encoding of what the module gave: for ECDSA that is r and s, of equal length. */
  private byte[] encoded(byte[] given) {
    if (isRsa()) {
      return given;
    }
    int half = given.length / 2;
    BigInteger r = new BigInteger(1, Arrays.copyOf(given, half));
    BigInteger s = new BigInteger(1, Arrays.copyOfRange(given, half, given.length));
    try {
      BigInteger order = BigInteger.ONE.shiftLeft(suite.parameter());
      return StandardDSAEncoding.INSTANCE.encode(order, r, s);
    } catch (IOException | IllegalArgumentException e) {
      // No signature at all: whoever verifies it, and everybody does, refuses it.
      return given;
    }
  }
}
