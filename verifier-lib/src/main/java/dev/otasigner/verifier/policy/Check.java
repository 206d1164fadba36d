package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.Reason;
import java.util.Locale;

/**
 * The steps of the judgement, in their order: which question it was that a {@link Reason} answers
 * with no. On the wire the constant's name in lower case with hyphens.
 */
public enum Check {
  /** Are the documents what their formats demand? Asked wherever one is read. */
  READING,
  /** Are signatures of catalogue metadata and single keys in order? */
  SIGNATURES,
  /** Is the catalogue fresh and whole? */
  CATALOGUE,
  /** Is the candidate listed, as what it is? */
  LISTING,
  /** Is it for this product and hardware? */
  DEVICE,
  /** Is it newer, and may it be taken from the running build? */
  VERSION,
  /** Are the components there that it needs? */
  COMPONENTS,
  /** Is its security counter no lower than the device's? */
  SECURITY_COUNTER,
  /** Have those signed the manifest whom the running profile demands? */
  MANIFEST,
  /** Is there an image file for this bootloader, and may the bootloader change? */
  VARIANT,
  /** Are the image's bytes those the manifest names? */
  IMAGE,
  /** Would the bootloader boot it? */
  BOOT,
  /** Is the bootloader component the manifest's, and would the present bootloader install it? */
  BOOTLOADER,
  /** Can the device still judge updates under the new profile? */
  PROFILE,
  /** Has the device's turn come, and did the build confirm itself? */
  AGENT;

  /** The name on the wire: {@code security-counter}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The check that refuses with this reason. */
  public static Check of(Reason reason) {
    return switch (reason) {
      case MALFORMED,
          LIMIT_EXCEEDED,
          UNSUPPORTED_ALGORITHM,
          UNSUPPORTED_CRITICAL,
          UNSUPPORTED_VERSION ->
          READING;
      case BAD_SIGNATURE, UNKNOWN_KEY, BELOW_THRESHOLD, KEYID_MISMATCH -> SIGNATURES;
      case METADATA_EXPIRED,
          METADATA_ROLLED_BACK,
          METADATA_VERSION_MISMATCH,
          METADATA_DIGEST_MISMATCH,
          METADATA_WRONG_ROLE,
          METADATA_MISSING,
          TARGET_NOT_FOUND,
          TARGET_LENGTH_MISMATCH,
          TARGET_DIGEST_MISMATCH ->
          CATALOGUE;
      case NOT_LISTED, LISTING_MISMATCH -> LISTING;
      case WRONG_PRODUCT, WRONG_HARDWARE -> DEVICE;
      case VERSION_NOT_NEWER, NOT_FROM_HERE -> VERSION;
      case COMPONENT_MISSING -> COMPONENTS;
      case SECURITY_COUNTER_TOO_LOW -> SECURITY_COUNTER;
      case MANIFEST_RULE_NOT_MET, MANIFEST_MISMATCH -> MANIFEST;
      case BOOTLOADER_FIXED, NO_VARIANT -> VARIANT;
      case IMAGE_LENGTH_MISMATCH, IMAGE_DIGEST_MISMATCH -> IMAGE;
      case IMAGE_FORMAT,
          IMAGE_HASH,
          IMAGE_KEY_UNKNOWN,
          IMAGE_SIGNATURE,
          IMAGE_TLV_NOT_ALLOWED,
          IMAGE_TRAILING_BYTES,
          IMAGE_NOT_BOOTABLE,
          IMAGE_ENCRYPTED,
          IMAGE_COUNTER,
          IMAGE_VERSION,
          IMAGE_TOO_LARGE ->
          BOOT;
      case BOOTLOADER_COMPONENT -> BOOTLOADER;
      case PROFILE_UNFIT -> PROFILE;
      case OUT_OF_SHARE, NOT_CONFIRMED -> AGENT;
    };
  }
}
