package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.Limits;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What the worker's own configuration says of one key.
 *
 * @param minApprovals approvals by different people that each use needs
 * @param quota most signatures in any 24 hours
 * @param notBefore no signature before it
 * @param notAfter no signature after it
 */
public record Rule(
    Digest keyId,
    KeyPurpose purpose,
    int minApprovals,
    Optional<Long> quota,
    Optional<Instant> notBefore,
    Optional<Instant> notAfter) {
  private static final Set<String> MEMBERS =
      Set.of("keyId", "purpose", "minApprovals", "quota", "notBefore", "notAfter");

  static Rule read(Fields fields) throws RejectedException {
    WorkerConfiguration.requireOnly(fields, MEMBERS);
    return new Rule(
        fields.digest("keyId"),
        WorkerConfiguration.purpose(fields),
        WorkerConfiguration.minApprovals(fields),
        WorkerConfiguration.quota(fields),
        fields.has("notBefore") ? Optional.of(fields.time("notBefore")) : Optional.empty(),
        fields.has("notAfter") ? Optional.of(fields.time("notAfter")) : Optional.empty());
  }

  Rule endingAt(Instant time) {
    boolean endsEarlier = notAfter.isPresent() && notAfter.get().isBefore(time);
    return endsEarlier
        ? this
        : new Rule(keyId, purpose, minApprovals, quota, notBefore, Optional.of(time));
  }

  /** What this rule asks of each use, whenever that is. */
  WorkerConfiguration.Default withoutDates() {
    return new WorkerConfiguration.Default(minApprovals, quota);
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
    return new Rule(
        keyId, purpose, minApprovals, narrowed.quota(), narrowed.notBefore(), narrowed.notAfter());
  }

  Json.Obj toJson() {
    return Json.object()
        .put("keyId", keyId)
        .put("purpose", purpose.code())
        .put("minApprovals", minApprovals)
        .put("quota", quota.map(Json.Num::new).orElse(null))
        .put("notBefore", notBefore.orElse(null))
        .put("notAfter", notAfter.orElse(null))
        .build();
  }
}
