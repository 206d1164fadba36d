package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotUsable;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Moves keys of the software token into the configured hardware module, and nowhere else. The row
 * says which of the two signs: it is written once the module has signed with the key, and before
 * the key is erased from the software token. Asking again finishes a move that was interrupted.
 */
@Component
class KeyMoves {
  private static final Set<KeyState> MOVABLE =
      EnumSet.of(KeyState.PRE_ACTIVATION, KeyState.ACTIVE, KeyState.SUSPENDED);

  private final KeyRows rows;
  private final Tokens tokens;
  private final AuditLog audit;
  private final TransactionTemplate transaction;

  KeyMoves(KeyRows rows, Tokens tokens, AuditLog audit, TransactionTemplate transaction) {
    this.rows = rows;
    this.tokens = tokens;
    this.audit = audit;
    this.transaction = transaction;
  }

  /**
   * Moves a key into the hardware module.
   *
   * @throws SignerException BAD_REQUEST when the module does not take it, KEY_NOT_USABLE when the
   *     key is not to sign any more
   */
  KeyEntry toHsm(KeyEntry key) {
    requireMovable(key);
    Worker hsm = tokens.of(TokenName.HSM);
    try {
      tokens.software().move(key.keyId(), hsm, () -> note(key.keyId()));
    } catch (NoSuchKey e) {
      requireThere(hsm, key);
      note(key.keyId());
    } catch (KeyOperationException e) {
      throw Refusals.of(e);
    }
    return row(key.keyId()).entry();
  }

  /** A key that is in the software token no more was moved before, or never was there. */
  private static void requireThere(Worker hsm, KeyEntry key) {
    try {
      if (hsm.find(key.name()).filter(k -> k.keyId().equals(key.keyId())).isEmpty()) {
        throw Refusals.of(new NoSuchKey(key.keyId()));
      }
    } catch (KeyOperationException e) {
      throw Refusals.of(e);
    }
  }

  private static void requireMovable(KeyEntry key) {
    if (!MOVABLE.contains(key.state())) {
      throw Refusals.of(new NotUsable(key.name(), key.state(), "be moved"));
    }
  }

  private void note(Digest keyId) {
    transaction.executeWithoutResult(
        status -> {
          KeyRow row =
              rows.lock(keyId.hex())
                  .orElseThrow(() -> SignerException.notFound("key '" + keyId.hex() + "'"));
          KeyEntry entry = row.entry();
          requireMovable(entry);
          if (entry.token() == TokenName.HSM) {
            return;
          }
          row.movedToHsm();
          audit.record(
              "key.moved",
              "key:" + entry.name(),
              Map.of(
                  "keyId", keyId.hex(),
                  "from", TokenName.SOFTWARE.code(),
                  "to", TokenName.HSM.code()));
        });
  }

  private KeyRow row(Digest keyId) {
    return rows.findById(keyId.hex())
        .orElseThrow(() -> SignerException.notFound("key '" + keyId.hex() + "'"));
  }
}
