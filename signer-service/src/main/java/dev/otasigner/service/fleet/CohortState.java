package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * What a device's row says of its state, as far as a judgement can tell it from others.
 *
 * @param words all but components, in the order of the columns
 * @param month in which its certificate ends, year * 12 + month - 1, UTC; -1 before enrolment
 */
record CohortState(
    List<String> words, long securityCounter, long rootVersion, String components, int month) {
  static final int NOT_ENROLLED = -1;

  /** Of a device's row. */
  static final String COLUMNS =
      "hardware, revision, channel, clock_class, bootloader, version, manifest, profile, lineage,"
          + " cert_key_type, security_counter, root_version, components, cert_not_after";

  private static final List<String> WORDS =
      List.of(
          "hardware",
          "revision",
          "channel",
          "clock_class",
          "bootloader",
          "version",
          "manifest",
          "profile",
          "lineage");

  static CohortState of(ResultSet row) throws SQLException {
    String[] words = new String[WORDS.size() + 1];
    for (int i = 0; i < WORDS.size(); i++) {
      words[i] = row.getString(WORDS.get(i));
    }
    words[WORDS.size()] = Objects.requireNonNullElse(row.getString("cert_key_type"), "");
    return new CohortState(
        List.of(words),
        row.getLong("security_counter"),
        row.getLong("root_version"),
        Objects.requireNonNullElse(row.getString("components"), ""),
        month(row.getObject("cert_not_after", OffsetDateTime.class)));
  }

  /** Of a device that has said nothing yet. */
  static CohortState of(Device device) {
    Report report = device.report();
    return new CohortState(
        List.of(
            device.made().hardware(),
            device.made().revision(),
            report.channel(),
            report.clockClass().code(),
            report.bootloaderId(),
            report.version().toString(),
            report.manifest().hex(),
            report.profile().hex(),
            report.lineage(),
            ""),
        report.securityCounter(),
        report.rootVersion(),
        "",
        NOT_ENROLLED);
  }

  private static int month(@Nullable OffsetDateTime ends) {
    if (ends == null) {
      return NOT_ENROLLED;
    }
    OffsetDateTime utc = ends.withOffsetSameInstant(ZoneOffset.UTC);
    return utc.getYear() * 12 + utc.getMonthValue() - 1;
  }

  /** By which its cohort is found: no word has a line break, and components come last. */
  String digest() {
    String text =
        String.join("\n", words)
            + "\n"
            + securityCounter
            + "\n"
            + rootVersion
            + "\n"
            + month
            + "\n"
            + components;
    return Digest.of(text.getBytes(StandardCharsets.UTF_8)).hex();
  }

  /** A cohort of no devices yet. */
  void insert(JdbcClient jdbc, String product, String digest) {
    jdbc.sql(
            "insert into fleet_cohort (product, digest, hardware, revision, channel, clock_class,"
                + " bootloader, version, manifest, profile, lineage, key_type, security_counter,"
                + " root_version, components, expires_month)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .param(product)
        .param(digest)
        .params(words)
        .param(securityCounter)
        .param(rootVersion)
        .param(components)
        .param(month)
        .update();
  }
}
