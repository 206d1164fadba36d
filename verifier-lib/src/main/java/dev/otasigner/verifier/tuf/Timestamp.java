package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Optional;

/**
 * Which snapshot is current, TUF 4.6.
 *
 * @param version 1 or more
 * @param expires to the second
 * @param issued when it was signed, no later than it expires; a device without a clock raises its
 *     floor by it, within the limits of {@link Updater#clockFloor}
 * @param snapshot the current snapshot
 */
public record Timestamp(long version, Instant expires, Optional<Instant> issued, MetaFile snapshot)
    implements Metadata {
  private static final String SNAPSHOT_FILE = "snapshot.json";

  public Timestamp {
    Metadata.requireVersion(version);
    if (issued.isPresent() && issued.get().isAfter(expires)) {
      throw new IllegalArgumentException("issued after it expires");
    }
  }

  static Timestamp read(Fields signed, TufLimits.Counts counts) throws RejectedException {
    Header header = Header.read(signed, TIMESTAMP);
    Optional<Instant> issued =
        signed.has("issued") ? Optional.of(signed.time("issued")) : Optional.empty();
    if (issued.isPresent() && issued.get().isAfter(header.expires())) {
      throw signed.malformed("issued", "issued after it expires");
    }
    return new Timestamp(
        header.version(),
        header.expires(),
        issued,
        MetaFile.read(signed.object("meta").object(SNAPSHOT_FILE)));
  }

  @Override
  public String type() {
    return TIMESTAMP;
  }

  @Override
  public Json.Obj toJson() {
    Json.Builder json = Header.write(this);
    issued.ifPresent(time -> json.put("issued", time));
    return json.put("meta", Json.object().put(SNAPSHOT_FILE, snapshot.toJson()).build()).build();
  }
}
