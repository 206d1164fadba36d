package dev.otasigner.service.audit;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.RequestRefused;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.EventListener;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The log in the database, and its newest checkpoint beside the database. */
@Component
class MerkleAuditLog implements AuditLog {
  private static final int MAX_TEXT = 1000;
  private static final int MAX_DETAILS = 20;

  /** Refusals that tell of a mistake in the request, not of somebody held back. */
  private static final Set<ProblemType> NOT_RECORDED =
      EnumSet.of(
          ProblemType.BAD_REQUEST,
          ProblemType.NOT_FOUND,
          ProblemType.METHOD_NOT_ALLOWED,
          ProblemType.NOT_ACCEPTABLE,
          ProblemType.UNSUPPORTED_MEDIA_TYPE,
          // Recorded where it is noticed, with the user's name.
          ProblemType.WRONG_CREDENTIALS);

  private final AuditStore store;
  private final ObjectProvider<AuditSigner> signer;
  private final KeptCheckpoint kept;
  private final RecordSweep sweep;
  private final Refusals refusals;
  private final ApplicationEventPublisher events;
  private final Clock clock;

  MerkleAuditLog(
      AuditStore store,
      ObjectProvider<AuditSigner> signer,
      KeptCheckpoint kept,
      RecordSweep sweep,
      Refusals refusals,
      ApplicationEventPublisher events,
      Clock clock) {
    this.store = store;
    this.signer = signer;
    this.kept = kept;
    this.sweep = sweep;
    this.refusals = refusals;
    this.events = events;
    this.clock = clock;
  }

  @Override
  @Transactional
  public void record(Actor actor, String action, String subject, Map<String, String> details) {
    if (details.size() > MAX_DETAILS) {
      throw new IllegalArgumentException("more than " + MAX_DETAILS + " details");
    }
    RecordKind kind = RecordKind.ofCode(action);
    Json.Builder json = Json.object();
    details.forEach((name, value) -> json.put(name, abbreviate(value)));
    TransactionRecords.ofThisTransaction(store, clock)
        .add(new TransactionRecords.Entry(actor.label(), kind, abbreviate(subject), json.build()));
    events.publishEvent(new AuditRecorded(kind, subject, details));
  }

  /**
   * Not left to the interface: its default method would reach {@link #record(Actor, String, String,
   * Map)} past the proxy, and a record without a transaction is not written.
   */
  @Override
  @Transactional
  public void record(String action, String subject, Map<String, String> details) {
    record(Actor.current(), action, subject, details);
  }

  @Override
  public void writeOut() {
    TransactionRecords.ofThisTransaction(store, clock).writeOut();
  }

  /** Without a transaction: the head over so many leaves never changes, whatever is appended. */
  @Override
  public byte[] checkpoint() {
    kept.trouble()
        .or(sweep::trouble)
        .ifPresent(
            trouble -> {
              throw SignerException.conflict("the audit log is damaged: " + trouble);
            });
    AuditSigner signing = signer.getObject();
    VerificationKey key = signing.key();
    long size = store.size();
    Checkpoint checkpoint = new Checkpoint(store.origin(), size, new MerkleTree(store).root(size));
    byte[] note = checkpoint.note(new AuditKey(key), signing.sign(checkpoint.text()));
    kept.replace(checkpoint, note);
    return note;
  }

  @EventListener
  @Transactional
  public void onAccessChanged(AccessChanged event) {
    RecordKind kind = RecordKind.ofCode(event.action());
    boolean refused = kind == RecordKind.SESSION_DENIED || kind == RecordKind.ISSUED_TOKEN_REFUSED;
    if (refused && !refusals.isRecorded(kind, event.actor(), event.subject())) {
      return;
    }
    record(event.actor(), event.action(), event.subject(), event.details());
  }

  @EventListener
  @Transactional
  public void onRequestRefused(RequestRefused event) {
    if (event.recorded() || NOT_RECORDED.contains(event.type())) {
      return;
    }
    boolean known = SecurityContextHolder.getContext().getAuthentication() != null;
    Actor actor = known ? Actor.current() : Actor.nobody(event.address());
    String subject = event.method() + " " + event.path();
    if (refusals.isRecorded(RecordKind.CALL_REFUSED, actor, subject)) {
      Map<String, String> details = new LinkedHashMap<>();
      details.put("problem", event.type().code());
      details.put("detail", event.detail());
      if (!event.reasons().isEmpty()) {
        details.put("reasons", String.join(" ", event.reasons())); // cut like every text
      }
      record(actor, RecordKind.CALL_REFUSED.code(), subject, details);
    }
  }

  /** Writes down how many refusals were not recorded one by one, once their time is over. */
  @Transactional
  public void recordCounted(boolean all) {
    for (Refusals.Count count : refusals.over(all)) {
      record(
          Actor.SYSTEM,
          RecordKind.REFUSALS_COUNTED.code(),
          abbreviate(count.source()),
          count.details());
    }
  }

  private static String abbreviate(String text) {
    return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text;
  }
}
