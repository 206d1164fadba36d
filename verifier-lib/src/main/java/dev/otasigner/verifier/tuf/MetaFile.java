package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A metadata file as timestamp or snapshot announces it, TUF 4.4 and 4.6.
 *
 * @param version 1 or more
 * @param lengthBytes of the file, exactly
 * @param hashes of the file, all of which must be right
 */
public record MetaFile(long version, OptionalLong lengthBytes, Optional<Hashes> hashes) {
  public MetaFile {
    Metadata.requireVersion(version);
  }

  /** Announces a version only. */
  public static MetaFile of(long version) {
    return new MetaFile(version, OptionalLong.empty(), Optional.empty());
  }

  /** Announces version, length and SHA-256 of these bytes. */
  public static MetaFile of(long version, byte[] bytes) {
    return new MetaFile(version, OptionalLong.of(bytes.length), Optional.of(Hashes.of(bytes)));
  }

  static MetaFile read(Fields fields) throws RejectedException {
    return new MetaFile(
        fields.integer("version", 1, Long.MAX_VALUE),
        fields.has("length")
            ? OptionalLong.of(fields.integer("length", 1, Long.MAX_VALUE))
            : OptionalLong.empty(),
        fields.has("hashes") ? Optional.of(Hashes.read(fields, "hashes")) : Optional.empty());
  }

  /**
   * Returns only when the bytes have the announced length and hashes, where there are any.
   *
   * @throws RejectedException METADATA_DIGEST_MISMATCH
   */
  void verify(byte[] bytes) throws RejectedException {
    if (lengthBytes.isPresent() && lengthBytes.getAsLong() != bytes.length) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH, "length", lengthBytes.getAsLong(), bytes.length);
    }
    if (hashes.isPresent()) {
      hashes.get().verify(bytes, Reason.METADATA_DIGEST_MISMATCH);
    }
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object().put("version", version);
    lengthBytes.ifPresent(length -> json.put("length", length));
    hashes.ifPresent(listed -> json.put("hashes", listed.toJson()));
    return json.build();
  }
}
