package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.util.BigIntegers;

/**
 * A private key taken apart on its way into a hardware module, which takes numbers. They are wiped
 * when it is closed.
 */
public final class PrivateKeyParts implements AutoCloseable {

  /** RFC 8017 section 3.2 for RSA; the scalar for elliptic curves. */
  public enum Part {
    MODULUS,
    PUBLIC_EXPONENT,
    PRIVATE_EXPONENT,
    PRIME_1,
    PRIME_2,
    EXPONENT_1,
    EXPONENT_2,
    COEFFICIENT,
    SCALAR
  }

  private final VerificationKey publicKey;
  private final Map<Part, byte[]> parts = new EnumMap<>(Part.class);

  private PrivateKeyParts(VerificationKey publicKey) {
    this.publicKey = publicKey;
  }

  /**
   * Reads a key, and has it sign once to see that its halves belong together.
   *
   * @param pkcs8 PrivateKeyInfo in DER
   * @throws BadKey when it is not a key of the suite
   * @throws NotSupported when it is neither RSA nor on a curve of NIST
   */
  public static PrivateKeyParts of(SignatureSuite suite, byte[] pkcs8) {
    SoftKey key = SoftKey.ofForeign(suite, pkcs8);
    PrivateKeyParts parts = new PrivateKeyParts(key.publicKey());
    parts.take(key.privateKey(), suite);
    return parts;
  }

  private void take(AsymmetricKeyParameter key, SignatureSuite suite) {
    if (key instanceof RSAPrivateCrtKeyParameters rsa) {
      put(Part.MODULUS, rsa.getModulus());
      put(Part.PUBLIC_EXPONENT, rsa.getPublicExponent());
      put(Part.PRIVATE_EXPONENT, rsa.getExponent());
      put(Part.PRIME_1, rsa.getP());
      put(Part.PRIME_2, rsa.getQ());
      put(Part.EXPONENT_1, rsa.getDP());
      put(Part.EXPONENT_2, rsa.getDQ());
      put(Part.COEFFICIENT, rsa.getQInv());
    } else if (key instanceof ECPrivateKeyParameters ec) {
      int bytes = (ec.getParameters().getN().bitLength() + 7) / 8;
      parts.put(Part.SCALAR, BigIntegers.asUnsignedByteArray(bytes, ec.getD()));
    } else {
      throw new NotSupported(suite.code() + " keys are not taken apart");
    }
  }

  private void put(Part part, BigInteger number) {
    parts.put(part, BigIntegers.asUnsignedByteArray(number));
  }

  public VerificationKey publicKey() {
    return publicKey;
  }

  /** The numbers themselves, big-endian, until this is closed. */
  public Map<Part, byte[]> parts() {
    return parts;
  }

  /** The one number. */
  public byte[] require(Part part) {
    return Objects.requireNonNull(parts.get(part), part.name());
  }

  @Override
  public void close() {
    parts.values().forEach(part -> Arrays.fill(part, (byte) 0));
    parts.clear();
  }

  @Override
  public String toString() {
    return "private half of " + publicKey;
  }
}
