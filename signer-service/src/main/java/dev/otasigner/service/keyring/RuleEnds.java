package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Ends the workers' own rules of keys that were stopped. A worker that is away is told when it is
 * back; until then the key's row says that this is owed.
 */
@Component
class RuleEnds {
  private static final Logger log = LoggerFactory.getLogger(RuleEnds.class);

  private final KeyRows rows;
  private final Tokens tokens;
  private final AuditLog audit;
  private final TransactionTemplate transaction;

  RuleEnds(KeyRows rows, Tokens tokens, AuditLog audit, TransactionTemplate transaction) {
    this.rows = rows;
    this.tokens = tokens;
    this.audit = audit;
    this.transaction = transaction;
  }

  /**
   * Tells the workers that may hold a key that was just stopped; its row says so if one is away.
   */
  void tell(KeyEntry key) {
    tell(key, () -> {});
  }

  private void tell(KeyEntry key, Runnable noted) {
    try {
      tokens.holding(key.token(), key.keyId()).forEach(worker -> retire(worker, key.keyId()));
      settled(key, noted);
    } catch (KeyOperationException | SignerException e) {
      log.warn(
          "key {} is {}, but its worker could not be told, and will be: {}",
          key.name(),
          key.state().code(),
          e.getMessage());
    }
  }

  /** Tells the workers what they are owed, as far as they are back. */
  @Scheduled(initialDelay = 5_000, fixedDelay = 5_000)
  public void tellAgain() {
    for (KeyEntry key : owed()) {
      if (tokens.standing(key.token()).map(RemoteWorker.Standing::active).orElse(true)) {
        tell(
            key,
            () ->
                audit.record(
                    "key.rule-ended", "key:" + key.name(), Map.of("keyId", key.keyId().hex())));
      }
    }
  }

  /** The keys whose worker has not been told that they were stopped. */
  List<KeyEntry> owed() {
    return rows.owingRuleEnd().stream().map(KeyRow::entry).toList();
  }

  private static void retire(Worker worker, Digest keyId) {
    try {
      worker.retire(keyId);
    } catch (Refused e) {
      if (e.code() != RefusalCode.NO_RULE) {
        throw e;
      }
      // A key without a rule signs nothing already.
    }
  }

  private void settled(KeyEntry key, Runnable noted) {
    transaction.executeWithoutResult(
        status -> {
          KeyRow row = rows.lock(key.keyId().hex()).orElseThrow();
          if (row.ruleEndIsOwed()) {
            row.oweRuleEnd(false);
            noted.run();
          }
        });
  }
}
