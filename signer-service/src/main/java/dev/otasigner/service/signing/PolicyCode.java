package dev.otasigner.service.signing;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The closed list of reasons; on the wire in lower case with hyphens. */
enum PolicyCode {
  PAYLOAD_MISSING,
  PAYLOAD_FORMAT,
  HARDWARE_UNKNOWN,
  REVISION_UNKNOWN,
  VERSION_TAKEN,
  VERSION_NOT_NEWER,
  VERSION_ODD_MAJOR,
  COUNTER_TOO_LOW,
  COUNTER_STEP_TOO_LARGE,
  KEY_UNKNOWN,
  KEY_NOT_ACTIVE,
  KEY_PURPOSE,
  KEY_OTHER_PRODUCT,
  KEY_SUITE,
  KEYS_MISSING,
  PROFILE_UNKNOWN,
  PROFILE_UNFIT,
  MANIFEST_RULE_NOT_MET,
  BOOTLOADER_UNKNOWN,
  BOOTLOADER_FIXED,
  IMAGE_TOO_LARGE,
  IMAGE_REFUSED,
  FORMAT_NOT_ALLOWED,
  HARDWARE_NOT_ALLOWED,
  STRENGTH_TOO_LOW,
  SUITE_REQUIRED,
  REQUESTER_NOT_ALLOWED,
  BARE_DIGESTS_OFF,
  DIGEST_LENGTH,
  NOT_APPROVABLE,
  EMERGENCY_NOT_ALLOWED;

  /** Rules of the maker's own, which an emergency may break. No device is harmed by that. */
  private static final Set<PolicyCode> WAIVABLE =
      EnumSet.of(COUNTER_STEP_TOO_LARGE, STRENGTH_TOO_LOW, SUITE_REQUIRED, REQUESTER_NOT_ALLOWED);

  /** Reasons that a request can be refused for; the others are those of bare digests. */
  static Set<PolicyCode> ofRequests() {
    return EnumSet.complementOf(EnumSet.of(BARE_DIGESTS_OFF, DIGEST_LENGTH, NOT_APPROVABLE));
  }

  /** Whether an emergency request may break this rule, if enough people approve. */
  boolean isWaivable() {
    return WAIVABLE.contains(this);
  }

  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
