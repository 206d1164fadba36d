package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.util.EnumSet;
import java.util.Set;
import org.springframework.stereotype.Component;

/** Has workers remember the approvals that were taken back. */
@Component
public class TakenBack {
  /** Why a worker does not take an approval at all, so that there is nothing to remember. */
  private static final Set<RefusalCode> WORTHLESS =
      EnumSet.of(
          RefusalCode.APPROVER_UNKNOWN, RefusalCode.APPROVAL_INVALID, RefusalCode.APPROVAL_EXPIRED);

  private final KeyRows rows;
  private final Tokens tokens;

  TakenBack(KeyRows rows, Tokens tokens) {
    this.rows = rows;
    this.tokens = tokens;
  }

  /**
   * Returns once every worker that may hold the key remembers it.
   *
   * @throws dev.otasigner.service.problem.SignerException TOKEN_UNAVAILABLE; APPROVAL_MISSING when
   *     one can remember no more
   */
  public void tell(Digest keyId, Bytes approval) {
    TokenName token =
        rows.findById(keyId.hex()).map(row -> row.entry().token()).orElse(TokenName.SOFTWARE);
    Refusals.told(
        () -> {
          tokens.holding(token, keyId).forEach(worker -> tell(worker, approval));
          return keyId;
        });
  }

  private static void tell(Worker worker, Bytes approval) {
    try {
      worker.revoke(approval);
    } catch (Refused e) {
      if (!WORTHLESS.contains(e.code())) {
        throw e;
      }
    }
  }
}
