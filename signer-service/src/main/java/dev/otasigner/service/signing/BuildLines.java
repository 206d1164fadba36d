package dev.otasigner.service.signing;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.manifest.Manifest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * How far each line of builds has come: the newest version and the highest security counter of a
 * hardware and a major version. What every request is judged by would else have to be gathered from
 * the manifests of all builds.
 */
final class BuildLines {
  private static final int HEX = 16;

  /** Behind every version. */
  static final String LAST = "g";

  private final JdbcClient jdbc;

  BuildLines(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  boolean isEmpty() {
    return jdbc.sql("select count(*) from build_line").query(Long.class).single() == 0;
  }

  /** Lets nobody else add a build of the product until the transaction under way ends. */
  void hold(String product) {
    jdbc.sql("select name from fleet_product where name = ? for update")
        .param(product)
        .query(String.class)
        .optional();
  }

  /** Takes a build into account, in the transaction under way. */
  void add(Manifest manifest) {
    String newest = sortable(manifest.version());
    for (Manifest.Hardware hardware : manifest.hardware()) {
      int major = manifest.version().major();
      int known =
          jdbc.sql(
                  "update build_line set newest = greatest(newest, ?), counter = greatest(counter, ?)"
                      + " where product = ? and hardware = ? and major = ?")
              .params(newest, manifest.securityCounter(), manifest.product(), hardware.id(), major)
              .update();
      if (known == 0) {
        jdbc.sql(
                "insert into build_line (product, hardware, major, newest, counter)"
                    + " values (?, ?, ?, ?, ?)")
            .params(manifest.product(), hardware.id(), major, newest, manifest.securityCounter())
            .update();
      }
    }
  }

  /**
   * The newest build of a line, for any of the hardware.
   *
   * @param supposed builds that are taken for made
   */
  Optional<ImageVersion> newest(
      String product, List<String> hardware, int major, List<RequestSpec> supposed) {
    Optional<ImageVersion> made = newest(product, hardware, major);
    return Stream.concat(
            made.stream(),
            of(hardware, supposed)
                .map(RequestSpec::version)
                .filter(version -> version.major() == major))
        .reduce((one, other) -> other.isNewerThan(one) ? other : one);
  }

  private static Stream<RequestSpec> of(List<String> hardware, List<RequestSpec> supposed) {
    return supposed.stream()
        .filter(spec -> spec.hardware().stream().anyMatch(h -> hardware.contains(h.id())));
  }

  private Optional<ImageVersion> newest(String product, List<String> hardware, int major) {
    return jdbc.sql(
            "select max(newest) from build_line"
                + " where product = :product and hardware in (:hardware) and major = :major")
        .param("product", product)
        .param("hardware", hardware)
        .param("major", major)
        .query(String.class)
        .optional()
        .map(BuildLines::version);
  }

  /**
   * The highest counter of lines up to this major version.
   *
   * @param supposed builds that are taken for made
   */
  OptionalLong counter(
      String product, List<String> hardware, int major, List<RequestSpec> supposed) {
    OptionalLong made = counter(product, hardware, major);
    return LongStream.concat(
            made.stream(),
            of(hardware, supposed)
                .filter(spec -> spec.version().major() <= major)
                .mapToLong(RequestSpec::securityCounter))
        .max();
  }

  private OptionalLong counter(String product, List<String> hardware, int major) {
    return jdbc.sql(
            "select max(counter) from build_line"
                + " where product = :product and hardware in (:hardware) and major <= :major")
        .param("product", product)
        .param("hardware", hardware)
        .param("major", major)
        .query(Long.class)
        .optional()
        .map(OptionalLong::of)
        .orElseGet(OptionalLong::empty);
  }

  /** Text in whose order versions come. */
  static String sortable(ImageVersion version) {
    return String.format(
        Locale.ROOT,
        "%02x%02x%04x%08x",
        version.major(),
        version.minor(),
        version.revision(),
        version.build());
  }

  private static ImageVersion version(String sortable) {
    long all = Long.parseUnsignedLong(sortable, HEX);
    return new ImageVersion(
        (int) (all >>> 56),
        (int) (all >>> 48) & 0xff,
        (int) (all >>> 32) & 0xffff,
        all & 0xffff_ffffL);
  }
}
