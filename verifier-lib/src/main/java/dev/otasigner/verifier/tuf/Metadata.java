package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Set;
import java.util.regex.Pattern;

/** The signed part of a metadata file, TUF 4.3 to 4.6. */
public sealed interface Metadata permits Root, Timestamp, Snapshot, Targets {
  /** The role of TUF 2.1.1. */
  String ROOT = "root";

  /** The role of TUF 2.1.4. */
  String TIMESTAMP = "timestamp";

  /** The role of TUF 2.1.3. */
  String SNAPSHOT = "snapshot";

  /** The role of TUF 2.1.2; also the type of a delegated role. */
  String TARGETS = "targets";

  /** The four roles that root itself delegates to. */
  Set<String> TOP_LEVEL = Set.of(ROOT, TIMESTAMP, SNAPSHOT, TARGETS);

  /** What the writing side states. */
  String SPEC_VERSION = "1.0.34";

  /** The value of {@code _type}. */
  String type();

  /** 1 or more; a newer file of the role has a higher one. */
  long version();

  /** From this second on nobody may rely on it. */
  Instant expires();

  /** The signed object; its canonical bytes are what keys sign. */
  Json.Obj toJson();

  /**
   * What every signed object has.
   *
   * @param version 1 or more
   * @param expires to the second
   */
  record Header(long version, Instant expires) {
    /** Two or three numbers: "1.0" is found in the field. */
    private static final Pattern SPEC_FORM = Pattern.compile("(\\d{1,9})\\.\\d{1,9}(\\.\\d{1,9})?");

    /**
     * Reads and checks what every signed object has.
     *
     * @throws RejectedException METADATA_WRONG_ROLE for another type, UNSUPPORTED_VERSION for
     *     another major version of the specification
     */
    static Header read(Fields signed, String type) throws RejectedException {
      String found = signed.string("_type");
      if (!found.equals(type)) {
        throw new RejectedException(
            Reason.METADATA_WRONG_ROLE, "metadata of another type", type, abbreviate(found));
      }
      String spec = signed.string("spec_version");
      var form = SPEC_FORM.matcher(spec);
      if (!form.matches() || !form.group(1).equals("1")) {
        throw new RejectedException(
            Reason.UNSUPPORTED_VERSION, "specification version", "1.x.y", abbreviate(spec));
      }
      return new Header(signed.integer("version", 1, Long.MAX_VALUE), signed.time("expires"));
    }

    static Json.Builder write(Metadata metadata) {
      return Json.object()
          .put("_type", metadata.type())
          .put("spec_version", SPEC_VERSION)
          .put("version", metadata.version())
          .put("expires", metadata.expires());
    }

    private static String abbreviate(String text) {
      return "'" + (text.length() > 20 ? text.substring(0, 20) + "..." : text) + "'";
    }
  }

  /** Versions count from one. */
  static void requireVersion(long version) {
    if (version < 1) {
      throw new IllegalArgumentException("metadata versions count from one");
    }
  }
}
