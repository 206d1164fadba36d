package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.util.Map;
import java.util.function.Supplier;

/** What a token or its worker refuses, in the words of the service's problems. */
final class Refusals {
  /** A worker's process is started again within about this time. */
  private static final Json RETRY_AFTER = new Json.Num(2);

  private Refusals() {}

  /** What the action gives, with the worker's refusals in the service's words. */
  static <T> T told(Supplier<T> action) {
    try {
      return action.get();
    } catch (KeyOperationException e) {
      throw of(e);
    }
  }

  static SignerException of(KeyOperationException e) {
    String detail = String.valueOf(e.getMessage());
    if (e instanceof KeyOperationException.Refused refused) {
      return new SignerException(
          problem(refused.code()), detail, Map.of("code", new Json.Str(refused.code().code())));
    }
    ProblemType type;
    if (e instanceof KeyOperationException.NoSuchKey) {
      type = ProblemType.NOT_FOUND;
    } else if (e instanceof KeyOperationException.NameTaken) {
      type = ProblemType.CONFLICT;
    } else if (e instanceof KeyOperationException.NotSupported
        || e instanceof KeyOperationException.BadKey) {
      type = ProblemType.BAD_REQUEST;
    } else if (e instanceof KeyOperationException.NotUsable
        || e instanceof KeyOperationException.WrongSignature) {
      type = ProblemType.KEY_NOT_USABLE;
    } else {
      type = ProblemType.TOKEN_UNAVAILABLE;
    }
    return type == ProblemType.TOKEN_UNAVAILABLE
        ? new SignerException(type, detail, Map.of("retryAfterSeconds", RETRY_AFTER))
        : new SignerException(type, detail);
  }

  private static ProblemType problem(RefusalCode code) {
    return switch (code) {
      case APPROVALS_MISSING,
          APPROVAL_INVALID,
          APPROVER_UNKNOWN,
          APPROVAL_EXPIRED,
          APPROVAL_TOO_LONG,
          APPROVAL_OTHER_REQUEST,
          APPROVAL_OTHER_POLICY,
          SELF_APPROVAL,
          APPROVER_TWICE,
          REVOKED,
          APPROVAL_TAKEN_BACK,
          REVOCATIONS_FULL ->
          ProblemType.APPROVAL_MISSING;
      case NO_RULE,
          PURPOSE_MISMATCH,
          RULE_NOT_BEGUN,
          RULE_ENDED,
          LIMIT_WIDER,
          QUOTA_USED_UP,
          CONTENT,
          OUT_OF_SERVICE,
          BEFORE_RESTORE,
          BEFORE_MOVE,
          REQUEST_MISMATCH,
          REQUEST_TWICE ->
          ProblemType.KEY_NOT_USABLE;
    };
  }
}
