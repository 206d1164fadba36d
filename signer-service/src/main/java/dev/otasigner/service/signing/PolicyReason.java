package dev.otasigner.service.signing;

import dev.otasigner.verifier.json.Json;
import java.util.Locale;

/**
 * Why the policy refuses a request.
 *
 * @param detail a sentence for people
 */
record PolicyReason(Code code, String detail) {

  /** The closed list of reasons; on the wire in lower case with hyphens. */
  enum Code {
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
    KEY_SUITE,
    KEYS_MISSING,
    PROFILE_UNKNOWN,
    PROFILE_UNFIT,
    MANIFEST_RULE_NOT_MET,
    BOOTLOADER_UNKNOWN,
    BOOTLOADER_FIXED,
    IMAGE_TOO_LARGE;

    String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  Json toJson() {
    return Json.object().put("code", code.code()).put("detail", detail).build();
  }
}
