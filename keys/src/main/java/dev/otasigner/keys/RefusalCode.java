package dev.otasigner.keys;

import java.util.Locale;

/** Why the worker's own rules refuse to use a key. */
public enum RefusalCode {
  /** The worker's configuration has no rule for the key. */
  NO_RULE,
  /** The rule's purpose is not the one the key was made for. */
  PURPOSE_MISMATCH,
  /** The rule's time is over. */
  RULE_ENDED,
  /** The rule's time has not come yet. */
  RULE_NOT_BEGUN,
  /** Limits that allow more than the worker's own: they are only ever narrowed. */
  LIMIT_WIDER,
  /** As many signatures as the rule allows were made in the last 24 hours. */
  QUOTA_USED_UP,
  /** The bytes are not what a key of this purpose signs. */
  CONTENT,
  /** An earlier signature of this key did not verify. */
  OUT_OF_SERVICE,
  /** A request from before the token was restored: whether it was signed then is not known. */
  BEFORE_RESTORE,
  /** A request from before the key was moved: whether it was signed then is not known here. */
  BEFORE_MOVE,
  /** The request document is not the one of the stated digest, or does not name the key. */
  REQUEST_MISMATCH,
  /** The same key, for the same request, over the same bytes, twice in one call. */
  REQUEST_TWICE,
  /** Fewer valid approvals than the rule asks for. */
  APPROVALS_MISSING,
  /** An approval that is malformed, or whose signature does not verify. */
  APPROVAL_INVALID,
  /** An approval by nobody whom the worker's configuration knows. */
  APPROVER_UNKNOWN,
  /** An approval whose time is over. */
  APPROVAL_EXPIRED,
  /** An approval that holds for longer than any may. */
  APPROVAL_TOO_LONG,
  /** An approval of another request. */
  APPROVAL_OTHER_REQUEST,
  /** An approval under another policy. */
  APPROVAL_OTHER_POLICY,
  /** The requester approves an own request. */
  SELF_APPROVAL,
  /** One person approves twice. */
  APPROVER_TWICE,
  /** An approver has revoked. */
  REVOKED,
  /** An approval that the worker was told is taken back. */
  APPROVAL_TAKEN_BACK,
  /** The worker remembers as many approvals that were taken back as it can. */
  REVOCATIONS_FULL;

  /** The name on the wire, such as {@code self-approval}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
