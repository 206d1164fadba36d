package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which version of every targets role is current, TUF 4.4.
 *
 * @param version 1 or more
 * @param expires to the second
 * @param meta by role name, without the {@code .json} of the document; targets among them
 */
public record Snapshot(long version, Instant expires, Map<String, MetaFile> meta)
    implements Metadata {
  private static final String SUFFIX = ".json";

  public Snapshot {
    Metadata.requireVersion(version);
    meta = Collections.unmodifiableMap(new LinkedHashMap<>(meta));
    if (!meta.containsKey(TARGETS)) {
      throw new IllegalArgumentException("a snapshot without the targets role");
    }
  }

  static Snapshot read(Fields signed, TufLimits.Counts counts) throws RejectedException {
    Header header = Header.read(signed, SNAPSHOT);
    Fields listed = signed.object("meta");
    Map<String, MetaFile> meta = new LinkedHashMap<>();
    for (String file : listed.names()) {
      // Early repositories listed root too; the client workflow has no use for it.
      if (file.endsWith(SUFFIX)) {
        String role = file.substring(0, file.length() - SUFFIX.length());
        meta.put(role, MetaFile.read(listed.object(file)));
      }
    }
    if (!meta.containsKey(TARGETS)) {
      throw new RejectedException(
          Reason.METADATA_MISSING, "the snapshot does not list the targets role");
    }
    return new Snapshot(header.version(), header.expires(), meta);
  }

  /** What is announced for a role, if it is listed at all. */
  public Optional<MetaFile> of(String role) {
    return Optional.ofNullable(meta.get(role));
  }

  @Override
  public String type() {
    return SNAPSHOT;
  }

  @Override
  public Json.Obj toJson() {
    Json.Builder listed = Json.object();
    meta.forEach((role, file) -> listed.put(role + SUFFIX, file.toJson()));
    return Header.write(this).put("meta", listed.build()).build();
  }
}
