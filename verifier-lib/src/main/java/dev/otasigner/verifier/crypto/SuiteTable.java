package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Strength and dates of every suite, read from {@code suites.json} beside this class: what changes
 * when a standard changes its mind is data, what a suite is remains code.
 */
final class SuiteTable {
  private static final int MAX_BYTES = 16 * 1024;
  private static final int MAX_SUITES = 64;
  private static final Set<Integer> STRENGTHS = Set.of(112, 128, 192, 256);
  private static final Set<String> MEMBERS =
      Set.of("suite", "strengthBits", "deprecatedAfter", "disallowedAfter");
  private static final Map<SignatureSuite, Row> ROWS = load();

  /**
   * What the standards say of one suite.
   *
   * @param strengthBits 112, 128, 192 or 256
   */
  record Row(
      int strengthBits, Optional<Instant> deprecatedAfter, Optional<Instant> disallowedAfter) {}

  private SuiteTable() {}

  static Row of(SignatureSuite suite) {
    return Objects.requireNonNull(ROWS.get(suite));
  }

  /**
   * Reads a table.
   *
   * @throws RejectedException when it does not have one sound row for every suite of the registry
   */
  static Map<SignatureSuite, Row> read(byte[] json) throws RejectedException {
    Fields table = JsonReader.readObject(json, MAX_BYTES);
    table.requireSchema(Set.of());
    Map<SignatureSuite, Row> rows = new EnumMap<>(SignatureSuite.class);
    for (Fields item : table.objects("suites", MAX_SUITES)) {
      if (!MEMBERS.containsAll(item.names())) {
        throw item.malformed("suite", "a member that no row has");
      }
      if (rows.put(Anchor.suite(item, "suite"), row(item)) != null) {
        throw item.malformed("suite", "stands twice");
      }
    }
    for (SignatureSuite suite : SignatureSuite.values()) {
      if (!rows.containsKey(suite)) {
        throw new RejectedException(Reason.MALFORMED, "no row for " + suite.code());
      }
    }
    return rows;
  }

  private static Row row(Fields item) throws RejectedException {
    int strengthBits = (int) item.integer("strengthBits", 0, 256);
    if (!STRENGTHS.contains(strengthBits)) {
      throw item.malformed("strengthBits", "112, 128, 192 or 256 is expected");
    }
    Optional<Instant> deprecated = time(item, "deprecatedAfter");
    Optional<Instant> disallowed = time(item, "disallowedAfter");
    if (deprecated.isPresent()
        && disallowed.isPresent()
        && deprecated.get().isAfter(disallowed.get())) {
      throw item.malformed("deprecatedAfter", "later than disallowedAfter");
    }
    return new Row(strengthBits, deprecated, disallowed);
  }

  private static Optional<Instant> time(Fields item, String name) throws RejectedException {
    return item.has(name) ? Optional.of(item.time(name)) : Optional.empty();
  }

  private static Map<SignatureSuite, Row> load() {
    try (InputStream in = SuiteTable.class.getResourceAsStream("suites.json")) {
      return read(Objects.requireNonNull(in, "suites.json is missing").readNBytes(MAX_BYTES + 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw new IllegalStateException("suites.json", e);
    }
  }
}
