package dev.otasigner.verifier;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The closed list of refusal codes, shared by verifier, CLI, service and device check-in. The code
 * on the wire is the constant's name in lower case with hyphens.
 */
public enum Reason {
  // reading
  /** The bytes are not what their format demands. */
  MALFORMED,
  /** A length, count or depth is over its declared limit. */
  LIMIT_EXCEEDED,
  /** An algorithm, key type or parameter set outside the closed registry. */
  UNSUPPORTED_ALGORITHM,
  /** A field named in {@code critical} that this reader does not know. */
  UNSUPPORTED_CRITICAL,
  /** A schema or specification version this reader does not know. */
  UNSUPPORTED_VERSION,

  // signatures
  /** A signature that does not verify, or is not encoded strictly. */
  BAD_SIGNATURE,
  /** Signed, but by no key that is trusted here. */
  UNKNOWN_KEY,
  /** Fewer valid signatures than the role or rule demands. */
  BELOW_THRESHOLD,
  /** A key identifier that is not the digest of its key. */
  KEYID_MISMATCH,

  // catalogue (TUF)
  /** Metadata past its expiry. */
  METADATA_EXPIRED,
  /** Metadata older than what is already trusted. */
  METADATA_ROLLED_BACK,
  /** Metadata of another version than the one that was announced. */
  METADATA_VERSION_MISMATCH,
  /** Metadata whose length or digest is not the announced one. */
  METADATA_DIGEST_MISMATCH,
  /** Metadata of another role than the one asked for. */
  METADATA_WRONG_ROLE,
  /** A role or file that the catalogue does not have. */
  METADATA_MISSING,
  /** No role that is trusted for the path lists the target. */
  TARGET_NOT_FOUND,
  /** A target whose length is not the listed one. */
  TARGET_LENGTH_MISMATCH,
  /** A target whose digest is not the listed one. */
  TARGET_DIGEST_MISMATCH,

  // judgement, in the order of the checks
  /** The head file does not list this candidate (never listed, or withdrawn). */
  NOT_LISTED,
  /** The candidate is listed with other properties than its manifest states. */
  LISTING_MISMATCH,
  /** Made for another product. */
  WRONG_PRODUCT,
  /** Made for other hardware or another revision. */
  WRONG_HARDWARE,
  /** Not newer than the running build. */
  VERSION_NOT_NEWER,
  /** The running build is outside the range the candidate may be taken from. */
  NOT_FROM_HERE,
  /** A required component is absent or too old. */
  COMPONENT_MISSING,
  /** The security counter is lower than the device's. */
  SECURITY_COUNTER_TOO_LOW,
  /** The manifest's signatures do not satisfy the running profile's rule. */
  MANIFEST_RULE_NOT_MET,
  /** The manifest is not the one the catalogue or the image belongs to. */
  MANIFEST_MISMATCH,
  /** The manifest has no variant that this bootloader boots. */
  NO_VARIANT,
  /** The image's length is not the manifest's. */
  IMAGE_LENGTH_MISMATCH,
  /** The image's digest is not the manifest's. */
  IMAGE_DIGEST_MISMATCH,
  /** An image format that this bootloader does not boot. */
  IMAGE_FORMAT,
  /** The hash in the image is absent, of another kind, or not that of its bytes. */
  IMAGE_HASH,
  /** The image is signed by no key that the bootloader knows. */
  IMAGE_KEY_UNKNOWN,
  /** The image's signature by a known key does not verify. */
  IMAGE_SIGNATURE,
  /** A TLV outside the bootloader's allow list. */
  IMAGE_TLV_NOT_ALLOWED,
  /** Bytes after the image that are neither erased flash nor a valid trailer. */
  IMAGE_TRAILING_BYTES,
  /** The image is flagged as not bootable. */
  IMAGE_NOT_BOOTABLE,
  /** The image is encrypted; this bootloader does not decrypt. */
  IMAGE_ENCRYPTED,
  /** The image's security counter is missing, unprotected, duplicate, or not the manifest's. */
  IMAGE_COUNTER,
  /** The image's version is not the manifest's. */
  IMAGE_VERSION,
  /** The image does not fit the slot with its trailer. */
  IMAGE_TOO_LARGE,
  /** A bootloader component for a bootloader that cannot be changed. */
  BOOTLOADER_FIXED,
  /** A bootloader component that is not the manifest's, or not for this bootloader. */
  BOOTLOADER_COMPONENT,
  /** The new profile is not the manifest's, or does not fit the device. */
  PROFILE_UNFIT,

  // the update agent
  /** The device's share of a staged rollout has not come yet. */
  OUT_OF_SHARE,
  /** The new build did not confirm itself and was reverted. */
  NOT_CONFIRMED;

  /** The code on the wire: {@code security-counter-too-low}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The reason with this code, or null when the list has none. */
  public static @Nullable Reason ofCode(String code) {
    for (Reason reason : values()) {
      if (reason.code().equals(code)) {
        return reason;
      }
    }
    return null;
  }
}
