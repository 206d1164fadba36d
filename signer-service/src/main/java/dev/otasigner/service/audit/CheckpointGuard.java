package dev.otasigner.service.audit;

import dev.otasigner.service.Console;
import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.problem.SignerException;
import jakarta.annotation.PreDestroy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Looks at start whether the log still contains what its last checkpoint vouched for, and makes a
 * new checkpoint every minute in which something was recorded. Health {@code auditLog} is down once
 * the log was cut or changed (a record is looked at again once a day), and stays down until
 * somebody has looked.
 */
@Component("auditLog")
class CheckpointGuard implements HealthIndicator {
  private static final Logger log = LoggerFactory.getLogger(CheckpointGuard.class);
  private static final long EVERY_MILLIS = 60_000;

  private final AuditStore store;
  private final MerkleAuditLog audit;
  private final KeptCheckpoint kept;
  private final RecordSweep sweep;
  private final AuditIndex index;
  private final Console console;
  private volatile long vouchedFor = -1;

  private final DatabaseWatch database;

  CheckpointGuard(
      AuditStore store,
      MerkleAuditLog audit,
      KeptCheckpoint kept,
      RecordSweep sweep,
      AuditIndex index,
      Console console,
      DatabaseWatch database) {
    this.database = database;
    this.store = store;
    this.audit = audit;
    this.kept = kept;
    this.sweep = sweep;
    this.index = index;
    this.console = console;
  }

  @EventListener
  void onStarted(ServletWebServerInitializedEvent event) {
    kept.trouble()
        .ifPresent(
            trouble -> {
              log.error("the audit log is not what its checkpoint vouched for: {}", trouble);
              console.line("AUDIT LOG DAMAGED: " + trouble + "; see " + kept.file());
            });
  }

  @Scheduled(initialDelay = EVERY_MILLIS, fixedDelay = EVERY_MILLIS)
  void vouch() {
    audit.recordCounted(false);
    index.catchUp();
    sweep.look();
    sweep.trouble().ifPresent(trouble -> log.error("the audit log is damaged: {}", trouble));
    long size = store.size();
    if (size == vouchedFor) {
      return;
    }
    try {
      audit.checkpoint();
      vouchedFor = size;
    } catch (SignerException e) {
      log.warn("no checkpoint of the audit log can be made now: {}", e.getMessage());
    }
  }

  /** Nothing of what was counted is lost when the service ends as it should. */
  @PreDestroy
  void ends() {
    audit.recordCounted(true);
  }

  @Override
  public Health health() {
    return database.health(
        () ->
            kept.trouble()
                .or(sweep::trouble)
                .map(trouble -> Health.down().withDetail("trouble", trouble).build())
                .orElseGet(() -> Health.up().withDetail("records", store.size()).build()));
  }
}
