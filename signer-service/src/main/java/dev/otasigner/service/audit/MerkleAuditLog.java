package dev.otasigner.service.audit;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.RequestRefused;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.event.EventListener;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The log in the database, and its newest checkpoint beside the database. */
@Component
class MerkleAuditLog implements AuditLog {
  private static final int MAX_TEXT = 500;
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
  private final Clock clock;

  MerkleAuditLog(
      AuditStore store, ObjectProvider<AuditSigner> signer, KeptCheckpoint kept, Clock clock) {
    this.store = store;
    this.signer = signer;
    this.kept = kept;
    this.clock = clock;
  }

  @Override
  @Transactional
  public void record(Actor actor, String action, String subject, Map<String, String> details) {
    if (details.size() > MAX_DETAILS) {
      throw new IllegalArgumentException("more than " + MAX_DETAILS + " details");
    }
    long position = store.lockHead();
    Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Json.Builder json = Json.object();
    details.forEach((name, value) -> json.put(name, abbreviate(value)));
    byte[] leaf =
        Json.object()
            .put("seq", position)
            .put("at", at.toString())
            .put("actor", actor.label())
            .put("action", action)
            .put("subject", abbreviate(subject))
            .put("details", json.build())
            .build()
            .textBytes();
    Digest hash = MerkleTree.leafHash(leaf);
    store.insert(
        new AuditStore.Leaf(position, new String(leaf, StandardCharsets.UTF_8)),
        at,
        actor.label(),
        hash);
    new MerkleTree(store).append(position, hash);
  }

  /**
   * Not left to the interface: its default method would reach {@link #record(Actor, String, String,
   * Map)} past the proxy, and two appends without a transaction would take one position.
   */
  @Override
  @Transactional
  public void record(String action, String subject, Map<String, String> details) {
    record(Actor.current(), action, subject, details);
  }

  /** Without a transaction: the head over so many leaves never changes, whatever is appended. */
  @Override
  public byte[] checkpoint() {
    kept.trouble()
        .ifPresent(
            trouble -> {
              throw SignerException.conflict("the audit log is damaged: " + trouble);
            });
    AuditSigner signing = signer.getObject();
    VerificationKey key = signing.key();
    long size = store.size();
    Checkpoint checkpoint = new Checkpoint(store.origin(), size, new MerkleTree(store).root(size));
    byte[] note = checkpoint.signedNote(key, signing.sign(checkpoint.text()));
    kept.replace(note);
    return note;
  }

  @EventListener
  @Transactional
  public void onAccessChanged(AccessChanged event) {
    record(event.actor(), event.action(), event.subject(), event.details());
  }

  @EventListener
  @Transactional
  public void onRequestRefused(RequestRefused event) {
    if (NOT_RECORDED.contains(event.type())) {
      return;
    }
    boolean known = SecurityContextHolder.getContext().getAuthentication() != null;
    record(
        known ? Actor.current() : Actor.nobody(event.address()),
        "request.refused",
        event.method() + " " + event.path(),
        Map.of("problem", event.type().code(), "detail", event.detail()));
  }

  private static String abbreviate(String text) {
    return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text;
  }
}
