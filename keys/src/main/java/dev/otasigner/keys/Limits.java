package dev.otasigner.keys;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * When a key may sign, and how often. Asked of a worker, limits only ever narrow what its own
 * configuration allows.
 *
 * @param notBefore no signature before it
 * @param notAfter no signature from then on
 * @param quota most signatures in any 24 hours
 */
public record Limits(
    Optional<Instant> notBefore, Optional<Instant> notAfter, Optional<Long> quota) {
  /** Nothing is limited. */
  public static final Limits NONE =
      new Limits(Optional.empty(), Optional.empty(), Optional.empty());

  public Limits {
    if (quota.isPresent() && quota.get() < 0) {
      throw new IllegalArgumentException("a quota is no negative number");
    }
    if (notBefore.isPresent()
        && notAfter.isPresent()
        && !notBefore.get().isBefore(notAfter.get())) {
      throw new IllegalArgumentException("notBefore must be before notAfter");
    }
  }

  /**
   * These limits with the wished ones within them.
   *
   * @throws Refused LIMIT_WIDER when the wish allows more than these do
   */
  public Limits narrowedTo(Limits wish) {
    requireWithin("notBefore", notBefore, wish.notBefore, (mine, theirs) -> !theirs.isBefore(mine));
    requireWithin("notAfter", notAfter, wish.notAfter, (mine, theirs) -> !theirs.isAfter(mine));
    requireWithin("quota", quota, wish.quota, (mine, theirs) -> theirs <= mine);
    Optional<Instant> from = wish.notBefore.or(() -> notBefore);
    Optional<Instant> until = wish.notAfter.or(() -> notAfter);
    if (from.isPresent() && until.isPresent() && !from.get().isBefore(until.get())) {
      throw new Refused(
          RefusalCode.LIMIT_WIDER,
          "the key's time would begin at " + from.get() + " after its end");
    }
    return new Limits(from, until, wish.quota.or(() -> quota));
  }

  /**
   * The narrower of both in everything.
   *
   * @throws Refused LIMIT_WIDER when no time is left between begin and end
   */
  public Limits and(Limits other) {
    return new Limits(
            later(notBefore, other.notBefore), Optional.empty(), narrower(quota, other.quota))
        .narrowedTo(
            new Limits(Optional.empty(), narrower(notAfter, other.notAfter), Optional.empty()));
  }

  private static <T extends Comparable<T>> Optional<T> narrower(Optional<T> one, Optional<T> two) {
    return Stream.of(one, two).flatMap(Optional::stream).min(Comparator.naturalOrder());
  }

  private static Optional<Instant> later(Optional<Instant> one, Optional<Instant> two) {
    return Stream.of(one, two).flatMap(Optional::stream).max(Comparator.naturalOrder());
  }

  private static <T> void requireWithin(
      String name, Optional<T> mine, Optional<T> wish, BiPredicate<T, T> within) {
    if (mine.isPresent() && wish.isPresent() && !within.test(mine.get(), wish.get())) {
      throw new Refused(
          RefusalCode.LIMIT_WIDER,
          name + " " + wish.get() + " is wider than the worker's own " + mine.get());
    }
  }

  /**
   * Reads members that may stand beside others.
   *
   * @throws RejectedException MALFORMED naming the member
   */
  public static Limits read(Fields fields) throws RejectedException {
    Optional<Instant> from = time(fields, "notBefore");
    Optional<Instant> until = time(fields, "notAfter");
    if (from.isPresent() && until.isPresent() && !from.get().isBefore(until.get())) {
      throw fields.malformed("notBefore", "a time before notAfter is expected");
    }
    return new Limits(
        from,
        until,
        fields.has("quota")
            ? Optional.of(fields.integer("quota", 0, Long.MAX_VALUE))
            : Optional.empty());
  }

  private static Optional<Instant> time(Fields fields, String name) throws RejectedException {
    return fields.has(name) ? Optional.of(fields.time(name)) : Optional.empty();
  }

  /** Writes the members that are there. */
  public void writeTo(Json.Builder json) {
    notBefore.ifPresent(at -> json.put("notBefore", at));
    notAfter.ifPresent(at -> json.put("notAfter", at));
    quota.ifPresent(most -> json.put("quota", most));
  }
}
