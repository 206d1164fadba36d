package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * What speaks against a suite at a time, for whoever signs or decides. A device refuses nothing by
 * it: {@link SignatureSuite#deprecatedAfter}.
 *
 * @param suite which one
 * @param kind what is held against it
 * @param limit the end that is over, or the strength that is missed, in words
 */
public record SuiteConcern(SignatureSuite suite, Kind kind, String limit) {
  /** The weakest strength of the registry, in bits. */
  public static final int LEAST_STRENGTH_BITS = 112;

  /** What is held against a suite. */
  public enum Kind {
    /** Nobody should rely on it any more, NIST IR 8547. */
    DISALLOWED,
    /** Nothing should be signed with it without second thoughts, NIST IR 8547. */
    DEPRECATED,
    /** Its strength is below what was asked for, SP 800-57 part 1. */
    WEAK
  }

  /**
   * What speaks against these suites, in the order of the registry; of two ends that are over only
   * the graver.
   *
   * @param now an end is over from the next second on
   * @param minStrengthBits a suite of exactly so many bits is not weak
   */
  public static List<SuiteConcern> of(
      Collection<SignatureSuite> suites, Instant now, int minStrengthBits) {
    List<SuiteConcern> concerns = new ArrayList<>();
    EnumSet<SignatureSuite> sorted = EnumSet.noneOf(SignatureSuite.class);
    sorted.addAll(suites);
    for (SignatureSuite suite : sorted) {
      if (suite.disallowedAfter().filter(now::isAfter).isPresent()) {
        concerns.add(over(suite, Kind.DISALLOWED, suite.disallowedAfter().get()));
      } else if (suite.deprecatedAfter().filter(now::isAfter).isPresent()) {
        concerns.add(over(suite, Kind.DEPRECATED, suite.deprecatedAfter().get()));
      }
      if (suite.strengthBits() < minStrengthBits) {
        concerns.add(new SuiteConcern(suite, Kind.WEAK, minStrengthBits + " bits"));
      }
    }
    return concerns;
  }

  private static SuiteConcern over(SignatureSuite suite, Kind kind, Instant end) {
    return new SuiteConcern(suite, kind, Times.format(end));
  }

  /**
   * One sentence for a person, such as {@code ed25519 is disallowed after 2035-12-31T23:59:59Z}.
   */
  public String text() {
    return switch (kind) {
      case DISALLOWED -> suite.code() + " is disallowed after " + limit;
      case DEPRECATED -> suite.code() + " is deprecated after " + limit;
      case WEAK ->
          suite.code() + " has " + suite.strengthBits() + " bits of strength, not " + limit;
    };
  }

  /** Members {@code suite}, {@code concern} and {@code text}. */
  public Json.Obj toJson() {
    return Json.object()
        .put("suite", suite.code())
        .put("concern", kind.name().toLowerCase(Locale.ROOT))
        .put("text", text())
        .build();
  }
}
