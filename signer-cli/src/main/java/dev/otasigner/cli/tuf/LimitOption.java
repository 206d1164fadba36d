package dev.otasigner.cli.tuf;

import dev.otasigner.verifier.tuf.Pace;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.TufLimits.Counts;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/** A limit of the client by the name that {@code --limit} gives it. */
enum LimitOption {
  ROOT_BYTES,
  TIMESTAMP_BYTES,
  SNAPSHOT_BYTES,
  TARGETS_BYTES,
  ROOTS,
  ROLES,
  SIGNATURES,
  ROLE_KEYS,
  DELEGATIONS,
  PATTERNS,
  NAME_BYTES,
  PATIENCE_SECONDS,
  BYTES_PER_SECOND;

  /** The common limits with these in place of some. */
  static TufLimits limits(Map<LimitOption, Integer> given) {
    TufLimits limits = TufLimits.COMMON;
    for (Map.Entry<LimitOption, Integer> limit : given.entrySet()) {
      limits = limit.getKey().in(limits, limit.getValue());
    }
    return limits;
  }

  private TufLimits in(TufLimits limits, int value) {
    Counts c = limits.counts();
    Pace pace = limits.pace();
    return switch (this) {
      case ROOT_BYTES -> limits.withRootBytes(value);
      case TIMESTAMP_BYTES -> limits.withTimestampBytes(value);
      case SNAPSHOT_BYTES -> limits.withSnapshotBytes(value);
      case TARGETS_BYTES -> limits.withTargetsBytes(value);
      case ROOTS -> limits.withRoots(value);
      case ROLES -> limits.withRoles(value);
      case SIGNATURES ->
          limits.withCounts(
              new Counts(value, c.roleKeys(), c.delegations(), c.patterns(), c.nameBytes()));
      case ROLE_KEYS ->
          limits.withCounts(
              new Counts(c.signatures(), value, c.delegations(), c.patterns(), c.nameBytes()));
      case DELEGATIONS ->
          limits.withCounts(
              new Counts(c.signatures(), c.roleKeys(), value, c.patterns(), c.nameBytes()));
      case PATTERNS ->
          limits.withCounts(
              new Counts(c.signatures(), c.roleKeys(), c.delegations(), value, c.nameBytes()));
      case NAME_BYTES ->
          limits.withCounts(
              new Counts(c.signatures(), c.roleKeys(), c.delegations(), c.patterns(), value));
      case PATIENCE_SECONDS ->
          limits.withPace(new Pace(Duration.ofSeconds(value), pace.minBytesPerSecond()));
      case BYTES_PER_SECOND -> limits.withPace(new Pace(pace.patience(), value));
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
