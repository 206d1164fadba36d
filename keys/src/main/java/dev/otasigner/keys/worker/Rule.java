package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the worker's own configuration says of one key.
 *
 * @param minApprovals approvals by different people that each use needs
 * @param quota most signatures in any 24 hours
 * @param notBefore no signature before it
 * @param notAfter no signature after it
 * @param handedOver the key has been handed to another worker, which may hold it too until the move
 *     is finished
 * @param moved when the key came from another worker
 */
public record Rule(
    Digest keyId,
    KeyPurpose purpose,
    int minApprovals,
    Optional<Long> quota,
    Optional<Instant> notBefore,
    Optional<Instant> notAfter,
    boolean handedOver,
    Optional<Moved> moved) {
  private static final Set<String> MEMBERS =
      Set.of(
          "keyId",
          "purpose",
          "minApprovals",
          "quota",
          "notBefore",
          "notAfter",
          "handedOver",
          "moved");

  /** The rule of a key that never moved. */
  public Rule(Digest keyId, KeyPurpose purpose, int minApprovals, Limits limits) {
    this(
        keyId,
        purpose,
        minApprovals,
        limits.quota(),
        limits.notBefore(),
        limits.notAfter(),
        false,
        Optional.empty());
  }

  static Rule read(Fields fields) throws RejectedException {
    WorkerConfiguration.requireOnly(fields, MEMBERS);
    Limits limits = Limits.read(fields);
    return new Rule(
        fields.digest("keyId"),
        WorkerConfiguration.purpose(fields),
        WorkerConfiguration.minApprovals(fields),
        limits.quota(),
        limits.notBefore(),
        limits.notAfter(),
        fields.has("handedOver") && fields.bool("handedOver"),
        fields.has("moved") ? Optional.of(Moved.read(fields.object("moved"))) : Optional.empty());
  }

  /** A rule that would begin later has no begin any more: it ends before it. */
  Rule endingAt(Instant time) {
    boolean endsEarlier = notAfter.isPresent() && notAfter.get().isBefore(time);
    return endsEarlier
        ? this
        : limited(quota, notBefore.filter(begin -> begin.isBefore(time)), Optional.of(time));
  }

  private Rule limited(Optional<Long> most, Optional<Instant> from, Optional<Instant> until) {
    return new Rule(keyId, purpose, minApprovals, most, from, until, handedOver, moved);
  }

  /** When and how often the key may sign. */
  public Limits limits() {
    return new Limits(notBefore, notAfter, quota);
  }

  /**
   * This rule within further limits.
   *
   * @throws dev.otasigner.keys.KeyOperationException.Refused LIMIT_WIDER when it would allow more
   */
  Rule narrowedTo(Limits wish) {
    Limits narrowed = limits().narrowedTo(wish);
    return limited(narrowed.quota(), narrowed.notBefore(), narrowed.notAfter());
  }

  Rule handedOver(boolean now) {
    return new Rule(keyId, purpose, minApprovals, quota, notBefore, notAfter, now, moved);
  }

  /** What goes with a key that leaves its worker. */
  Rule moving(Moved move) {
    return new Rule(
        keyId, purpose, minApprovals, quota, notBefore, notAfter, false, Optional.of(move));
  }

  /**
   * The rule of a key that came here with one of its own: the narrower of both in everything.
   *
   * @throws dev.otasigner.keys.KeyOperationException.Refused LIMIT_WIDER when no time is left
   */
  Rule within(Rule brought) {
    Limits both = limits().and(brought.limits());
    return new Rule(
        keyId,
        purpose,
        Math.max(minApprovals, brought.minApprovals),
        both.quota(),
        both.notBefore(),
        both.notAfter(),
        handedOver,
        Stream.of(moved, brought.moved)
            .flatMap(Optional::stream)
            .max(Comparator.comparing(Moved::at)));
  }

  void requirePurpose(KeyPurpose wanted) {
    if (purpose != wanted) {
      throw new Refused(
          RefusalCode.PURPOSE_MISMATCH,
          "the worker's configuration keeps key " + keyId.abbreviated() + " for " + purpose.code());
    }
  }

  /** Demands that the rule has begun, and has not ended. */
  void requireInForce(Instant now) {
    if (notBefore().isPresent() && now.isBefore(notBefore().get())) {
      throw new Refused(
          RefusalCode.RULE_NOT_BEGUN,
          "key " + keyId().abbreviated() + " does not sign before " + notBefore().get());
    }
    if (notAfter().isPresent() && !now.isBefore(notAfter().get())) {
      throw new Refused(
          RefusalCode.RULE_ENDED,
          "key " + keyId().abbreviated() + " signs no more since " + notAfter().get());
    }
  }

  Json.Obj toJson() {
    return Json.object()
        .put("keyId", keyId)
        .put("purpose", purpose.code())
        .put("minApprovals", minApprovals)
        .put("quota", quota.map(Json.Num::new).orElse(null))
        .put("notBefore", notBefore.orElse(null))
        .put("notAfter", notAfter.orElse(null))
        .put("handedOver", handedOver ? new Json.Bool(true) : null)
        .put("moved", moved.map(Moved::toJson).orElse(null))
        .build();
  }
}
