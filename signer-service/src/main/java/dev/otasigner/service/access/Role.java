package dev.otasigner.service.access;

import java.util.Arrays;
import java.util.Locale;

/** What a person or program is here for. No role contains another. */
public enum Role {
  /** Requests signatures, publishes and withdraws releases. */
  RELEASE_ENGINEER,
  /** Approves what others have requested. */
  APPROVER,
  /** Creates, activates and retires keys. */
  KEY_CUSTODIAN,
  /** Reads everything, the audit log too; changes nothing. */
  AUDITOR,
  /** Users, API keys, products, listeners; signs nothing. */
  ADMINISTRATOR,
  /** A build pipeline: uploads payloads and requests signatures. */
  PIPELINE;

  /** The name on the wire, such as {@code release-engineer}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The role of this name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Role ofCode(String code) {
    return Arrays.stream(values())
        .filter(role -> role.code().equals(code))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no role is called " + code));
  }
}
