package dev.otasigner.keys.pkcs11;

import dev.otasigner.verifier.Bytes;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** SubjectPublicKeyInfo of a key in a token, from the attributes of one of its objects. */
final class PublicHalf {
  private PublicHalf() {}

  /** Empty when the object does not tell enough. */
  static Optional<Bytes> read(TokenObjects objects, long object, SuiteMechanism mechanism)
      throws CryptokiException {
    if (mechanism.isRsa()) {
      Optional<byte[]> modulus = objects.bytes(object, Ck.CKA_MODULUS);
      Optional<byte[]> exponent = objects.bytes(object, Ck.CKA_PUBLIC_EXPONENT);
      return modulus.isPresent() && exponent.isPresent()
          ? rsa(modulus.get(), exponent.get())
          : Optional.empty();
    }
    Optional<byte[]> parameters = objects.bytes(object, Ck.CKA_EC_PARAMS);
    Optional<byte[]> point = objects.bytes(object, Ck.CKA_EC_POINT);
    return parameters.isPresent() && point.isPresent()
        ? ec(parameters.get(), point.get(), mechanism.pointBytes())
        : Optional.empty();
  }

  private static Optional<Bytes> rsa(byte[] modulus, byte[] exponent) {
    try {
      return encoded(
          new SubjectPublicKeyInfo(
              new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
              new RSAPublicKey(new BigInteger(1, modulus), new BigInteger(1, exponent))));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Bytes> ec(byte[] parameters, byte[] point, int bareLength) {
    try {
      return encoded(
          new SubjectPublicKeyInfo(
              new AlgorithmIdentifier(
                  X9ObjectIdentifiers.id_ecPublicKey, ASN1Primitive.fromByteArray(parameters)),
              unwrapped(point, bareLength)));
    } catch (IOException | IllegalArgumentException | ClassCastException e) {
      return Optional.empty();
    }
  }

  /** The standard wants the point in an OCTET STRING; some modules give it as it is. */
  private static byte[] unwrapped(byte[] point, int bareLength) throws IOException {
    return point.length == bareLength
        ? point
        : ASN1OctetString.getInstance(ASN1Primitive.fromByteArray(point)).getOctets();
  }

  private static Optional<Bytes> encoded(SubjectPublicKeyInfo info) throws IOException {
    return Optional.of(Bytes.copyOf(info.getEncoded("DER")));
  }
}
