package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import java.util.List;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * The key types that bootloaders are built for.
 *
 * <p>A bootloader reads signatures into a buffer of its own size: a signature by a known key that
 * does not fit it refuses the whole image, whatever follows. RSA and Ed25519 demand the exact
 * length besides.
 */
public enum ImageKeyType {
  RSA_2048(SignatureSuite.RSA_PSS_2048_SHA256, TlvType.RSA2048_PSS, ImageHash.SHA256, 256),
  RSA_3072(SignatureSuite.RSA_PSS_3072_SHA256, TlvType.RSA3072_PSS, ImageHash.SHA256, 384),
  ECDSA_P256(SignatureSuite.ECDSA_P256_SHA256, TlvType.ECDSA_SIG, ImageHash.SHA256, 128),
  ECDSA_P384(SignatureSuite.ECDSA_P384_SHA384, TlvType.ECDSA_SIG, ImageHash.SHA384, 128),
  /** Over SHA-256 by default, or over SHA-512, or pure. */
  ED25519(SignatureSuite.ED25519, TlvType.ED25519, ImageHash.SHA256, 64);

  /** A whole key may be this much longer than a signature: encoding and public exponent. */
  private static final int KEY_BUFFER_EXTRA = 24;

  private final SignatureSuite suite;
  private final int signatureTlv;
  private final ImageHash hash;
  private final int signatureBuffer;

  ImageKeyType(SignatureSuite suite, int signatureTlv, ImageHash hash, int signatureBuffer) {
    this.suite = suite;
    this.signatureTlv = signatureTlv;
    this.hash = hash;
    this.signatureBuffer = signatureBuffer;
  }

  /**
   * The type of this key.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM when no bootloader checks its suite
   */
  public static ImageKeyType of(VerificationKey key) throws RejectedException {
    for (ImageKeyType type : values()) {
      if (type.suite == key.suite()) {
        return type;
      }
    }
    throw new RejectedException(
        Reason.UNSUPPORTED_ALGORITHM, "no bootloader checks " + key.suite().code());
  }

  /**
   * A public key as an image key: RSA means PSS here, as bootloaders check it.
   *
   * @param spki SubjectPublicKeyInfo in DER
   * @throws RejectedException UNSUPPORTED_ALGORITHM when it is a key of no such type, MALFORMED
   *     when it is none at all, LIMIT_EXCEEDED over {@link VerificationKey#MAX_SPKI_BYTES}
   */
  public static VerificationKey key(Bytes spki) throws RejectedException {
    for (ImageKeyType type : values()) {
      try {
        return VerificationKey.of(type.suite, spki);
      } catch (RejectedException e) {
        if (e.reason() != Reason.UNSUPPORTED_ALGORITHM) {
          throw e;
        }
      }
    }
    throw new RejectedException(
        Reason.UNSUPPORTED_ALGORITHM,
        "no image key",
        "RSA-2048, RSA-3072, ECDSA P-256, P-384 or Ed25519",
        "another type or size");
  }

  /** The suite with which bootloaders check such keys. */
  public SignatureSuite suite() {
    return suite;
  }

  /** The hashes that images signed by such keys can carry, the default first. */
  public List<ImageHash> hashes() {
    return this == ED25519 ? List.of(hash, ImageHash.SHA512) : List.of(hash);
  }

  int signatureTlv() {
    return signatureTlv;
  }

  boolean takesSignatureOf(int length) {
    boolean exact = this != ECDSA_P256 && this != ECDSA_P384;
    return exact ? length == signatureBuffer : length <= signatureBuffer;
  }

  int maxPublicKeyBytes() {
    return signatureBuffer + KEY_BUFFER_EXTRA;
  }

  /** The key as bootloaders hold it: PKCS#1 for RSA, SubjectPublicKeyInfo for the rest. */
  Bytes encoded(VerificationKey key) {
    return switch (this) {
      case RSA_2048, RSA_3072 ->
          Bytes.copyOf(
              SubjectPublicKeyInfo.getInstance(key.spki().toByteArray())
                  .getPublicKeyData()
                  .getOctets());
      case ECDSA_P256, ECDSA_P384, ED25519 -> key.spki();
    };
  }

  /** What a KEYHASH must hold in full to name the key. */
  Bytes keyHash(VerificationKey key, ImageHash kind) {
    return Bytes.copyOf(Digest.digest(kind.jcaName()).digest(encoded(key).toByteArray()));
  }

  /** Whether this KEYHASH or PUBKEY names the key, with whatever hash. */
  boolean isNamedBy(VerificationKey key, Tlv name) {
    if (name.type() == TlvType.PUBKEY) {
      return encoded(key).equals(name.value());
    }
    for (ImageHash kind : hashes()) {
      if (keyHash(key, kind).equals(name.value())) {
        return true;
      }
    }
    return false;
  }

  /** The TLV that carries this hash. */
  static int tlvOf(ImageHash hash) {
    return switch (hash) {
      case SHA256 -> TlvType.SHA256;
      case SHA384 -> TlvType.SHA384;
      case SHA512 -> TlvType.SHA512;
    };
  }
}
