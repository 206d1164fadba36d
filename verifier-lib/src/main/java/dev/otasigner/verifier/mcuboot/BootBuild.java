package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One build of a bootloader's validation: one key type, one hash, pure or not, with its keys
 * compiled in.
 *
 * @param keys all of one type
 * @param hash the hash TLV it checks
 * @param pure the signature is over the image itself
 * @param keyTlv how images name their key
 * @param allowList refuses unprotected TLVs it does not know
 * @param storedCounter demands a security counter that is not lower; empty without rollback
 *     protection
 */
record BootBuild(
    ImageKeyType type,
    List<VerificationKey> keys,
    ImageHash hash,
    boolean pure,
    KeyTlv keyTlv,
    boolean allowList,
    OptionalLong storedCounter) {
  private static final Set<Integer> ALLOWED_UNPROTECTED =
      Set.of(
          TlvType.KEYHASH,
          TlvType.PUBKEY,
          TlvType.SHA256,
          TlvType.SHA384,
          TlvType.SHA512,
          TlvType.RSA2048_PSS,
          TlvType.ECDSA224,
          TlvType.ECDSA_SIG,
          TlvType.RSA3072_PSS,
          TlvType.ED25519,
          TlvType.ENC_RSA2048,
          TlvType.ENC_KW,
          TlvType.ENC_EC256,
          TlvType.ENC_X25519);

  BootBuild {
    keys = List.copyOf(keys);
  }

  /**
   * Walks the TLVs in the order in which the bootloader does.
   *
   * @throws RejectedException the check that this build's refusal is due to
   */
  BootedImage check(McubootImage image, ImageScan scan) throws RejectedException {
    OptionalLong counter = requireCounter(image);
    requireMadeFor(image);
    return new Walk(this, image, scan).run(counter);
  }

  private OptionalLong requireCounter(McubootImage image) throws RejectedException {
    OptionalLong counter = image.securityCounter();
    if (storedCounter.isPresent()) {
      if (counter.isEmpty()) {
        throw new RejectedException(
            Reason.IMAGE_COUNTER, "the image has no security counter, rollback protection asks it");
      }
      if (counter.getAsLong() < storedCounter.getAsLong()) {
        throw new RejectedException(
            Reason.SECURITY_COUNTER_TOO_LOW,
            "security counter",
            "at least " + storedCounter.getAsLong(),
            Long.toString(counter.getAsLong()));
      }
    }
    return counter;
  }

  /** The marks by which an image says for what kind of build it was made. */
  private void requireMadeFor(McubootImage image) throws RejectedException {
    if (image.ofType(ImageKeyType.tlvOf(hash)).isEmpty()) {
      throw new RejectedException(
          Reason.IMAGE_HASH, "the image carries no " + hash.jcaName() + " hash");
    }
    if (pure && !isMarkedPure(image)) {
      throw new RejectedException(
          Reason.IMAGE_SIGNATURE, "the image is not marked as signed without hashing (SIG_PURE)");
    }
  }

  /** The first SIG_PURE entry decides, and must be one byte of 1. */
  static boolean isMarkedPure(McubootImage image) {
    List<Tlv> marks = image.ofType(TlvType.SIG_PURE);
    return !marks.isEmpty() && marks.get(0).value().hex().equals("01");
  }

  /**
   * Bootloaders take an entry for protected when its value begins within the protected area: one
   * that is empty and ends the area begins behind it, and falls under the list.
   */
  private boolean allows(Tlv tlv, McubootImage image) {
    return !allowList
        || tlv.valueOffset() < image.signedBytes()
        || ALLOWED_UNPROTECTED.contains(tlv.type())
        || pure && tlv.type() == TlvType.SIG_PURE;
  }

  private int hashBytes() {
    return Digest.digest(hash.jcaName()).getDigestLength();
  }

  /** The state of one walk. */
  private static final class Walk {
    private final BootBuild build;
    private final McubootImage image;
    private final ImageScan scan;
    private final Bytes imageHash;
    private @Nullable VerificationKey named;
    private @Nullable Signature signature;

    /** An entry with the known key it counts for. */
    private record Signature(VerificationKey key, Tlv tlv) {}

    Walk(BootBuild build, McubootImage image, ImageScan scan) {
      this.build = build;
      this.image = image;
      this.scan = scan;
      this.imageHash = scan.hash(build.hash);
    }

    BootedImage run(OptionalLong counter) throws RejectedException {
      for (Tlv tlv : image.tlvs()) {
        if (!build.allows(tlv, image)) {
          throw tlv.refused(
              Reason.IMAGE_TLV_NOT_ALLOWED, "not on the bootloader's list, and not protected");
        }
        visit(tlv);
      }
      if (signature == null) {
        throw new RejectedException(
            Reason.IMAGE_KEY_UNKNOWN,
            "no signature by a key that is known here ("
                + build.type.suite().code()
                + " over "
                + (build.pure ? "the image" : build.hash.jcaName())
                + ")");
      }
      verify(signature.key, signature.tlv);
      return new BootedImage(image, counter, build.hash, imageHash, build.pure, signature.key);
    }

    private void visit(Tlv tlv) throws RejectedException {
      if (tlv.type() == ImageKeyType.tlvOf(build.hash)) {
        checkHash(tlv);
      } else if (tlv.type() == TlvType.KEYHASH) {
        if (build.keyTlv == KeyTlv.KEYHASH) {
          named = keyOfHash(tlv);
        }
      } else if (tlv.type() == TlvType.PUBKEY) {
        if (build.keyTlv == KeyTlv.PUBKEY) {
          named = wholeKey(tlv);
        }
      } else if (tlv.type() == build.type.signatureTlv()) {
        visitSignature(tlv);
      }
    }

    /** Every hash of the build's kind must be right, however many there are. */
    private void checkHash(Tlv tlv) throws RejectedException {
      if (!tlv.value().equals(imageHash)) {
        throw image.header().isEncrypted()
            ? new RejectedException(
                    Reason.IMAGE_ENCRYPTED,
                    "the payload is encrypted, its hash is of the plaintext")
                .at(tlv.offset())
            : tlv.refused(Reason.IMAGE_HASH, "not the hash of the image", imageHash, tlv.value());
      }
    }

    /**
     * The key a KEYHASH names. Bootloaders compare as many bytes as the TLV has, so a short one
     * would name any key that begins so: only the full length counts. One that is longer than the
     * build's hash makes the bootloader refuse the whole image.
     */
    private @Nullable VerificationKey keyOfHash(Tlv tlv) throws RejectedException {
      Bytes value = tlv.value();
      if (value.length() > build.hashBytes()) {
        throw tlv.refused(
            Reason.IMAGE_HASH,
            "longer than the bootloader's hash",
            build.hashBytes() + " bytes",
            value.length() + " bytes");
      }
      for (VerificationKey key : build.keys) {
        Bytes hash = build.type.keyHash(key, build.hash);
        if (hash.equals(value)) {
          return key;
        }
        if (hash.hex().startsWith(value.hex()) || !isFullHash(value)) {
          throw tlv.refused(
              Reason.IMAGE_KEY_UNKNOWN,
              "the key is named by a part of its hash",
              build.hashBytes() + " bytes",
              value.length() + " bytes");
        }
      }
      return null;
    }

    private static boolean isFullHash(Bytes value) {
      for (ImageHash hash : ImageHash.values()) {
        if (Digest.digest(hash.jcaName()).getDigestLength() == value.length()) {
          return true;
        }
      }
      return false;
    }

    private @Nullable VerificationKey wholeKey(Tlv tlv) throws RejectedException {
      if (tlv.value().length() > build.type.maxPublicKeyBytes()) {
        throw tlv.refused(
            Reason.IMAGE_KEY_UNKNOWN,
            "longer than the bootloader's buffer",
            build.type.maxPublicKeyBytes() + " bytes",
            tlv.value().length() + " bytes");
      }
      for (VerificationKey key : build.keys) {
        if (build.type.encoded(key).equals(tlv.value())) {
          return key;
        }
      }
      return null;
    }

    /**
     * A signature counts for the known key named before it, once; one of a key that is not known is
     * passed over. The last one of a known key decides, so that only that one is verified; but each
     * must have a length that the bootloader can read.
     */
    private void visitSignature(Tlv tlv) throws RejectedException {
      VerificationKey key = named;
      named = null;
      if (key == null) {
        return;
      }
      if (!build.type.takesSignatureOf(tlv.value().length())) {
        throw tlv.refused(
            Reason.IMAGE_SIGNATURE,
            "no signature by " + key + " is " + tlv.value().length() + " long");
      }
      signature = new Signature(key, tlv);
    }

    private void verify(VerificationKey key, Tlv tlv) throws RejectedException {
      byte[] bytes = tlv.value().toByteArray();
      try {
        if (build.pure) {
          key.verify(scan.region(), bytes);
        } else if (build.type == ImageKeyType.ED25519) {
          key.verify(imageHash.toByteArray(), bytes);
        } else {
          key.verifyHash(imageHash.toByteArray(), bytes);
        }
      } catch (RejectedException e) {
        throw e.as(Reason.IMAGE_SIGNATURE).at(tlv.offset());
      }
    }
  }
}
