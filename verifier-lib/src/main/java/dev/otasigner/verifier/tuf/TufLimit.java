package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.tuf.TufLimits.Counts;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/** One of {@link TufLimits} by the name that the option {@code --limit} gives it. */
public enum TufLimit {
  /** {@link TufLimits#rootBytes}. */
  ROOT_BYTES,
  /** {@link TufLimits#timestampBytes}. */
  TIMESTAMP_BYTES,
  /** {@link TufLimits#snapshotBytes}. */
  SNAPSHOT_BYTES,
  /** {@link TufLimits#targetsBytes}. */
  TARGETS_BYTES,
  /** {@link TufLimits#roots}. */
  ROOTS,
  /** {@link TufLimits#roles}. */
  ROLES,
  /** {@link Counts#signatures}. */
  SIGNATURES,
  /** {@link Counts#roleKeys}. */
  ROLE_KEYS,
  /** {@link Counts#delegations}. */
  DELEGATIONS,
  /** {@link Counts#patterns}. */
  PATTERNS,
  /** {@link Counts#nameBytes}. */
  NAME_BYTES,
  /** {@link Pace#patience}, in seconds. */
  PATIENCE_SECONDS,
  /** {@link Pace#minBytesPerSecond}. */
  BYTES_PER_SECOND;

  /**
   * The common limits with these in place of some.
   *
   * @throws IllegalArgumentException for a limit that is not positive, or that no file name has
   *     room for
   */
  public static TufLimits limits(Map<TufLimit, Integer> given) {
    TufLimits limits = TufLimits.COMMON;
    for (Map.Entry<TufLimit, Integer> limit : given.entrySet()) {
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

  /** In lower case with hyphens, as it is written on a command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
