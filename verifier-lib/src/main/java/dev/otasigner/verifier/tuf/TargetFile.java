package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * A file of the catalogue as a targets role lists it, TUF 4.5.
 *
 * @param path its name in the catalogue, with {@code /} between parts
 * @param lengthBytes of the file, exactly
 * @param hashes of the file, all of which must be right
 * @param custom what the role says about it beside length and hashes
 */
public record TargetFile(String path, long lengthBytes, Hashes hashes, Optional<Json.Obj> custom) {
  public TargetFile {
    if (lengthBytes < 0) {
      throw new IllegalArgumentException("negative length");
    }
  }

  /** A file of this length and digest. */
  public static TargetFile of(String path, long lengthBytes, Digest sha256) {
    return new TargetFile(path, lengthBytes, Hashes.of(sha256), Optional.empty());
  }

  /** A file with this content. */
  public static TargetFile of(String path, byte[] content) {
    return new TargetFile(path, content.length, Hashes.of(content), Optional.empty());
  }

  /** The same file with what the role says about it. */
  public TargetFile withCustom(Json.Obj json) {
    return new TargetFile(path, lengthBytes, hashes, Optional.of(json));
  }

  static TargetFile read(String path, Fields fields) throws RejectedException {
    return new TargetFile(
        path,
        fields.integer("length", 0, Long.MAX_VALUE),
        Hashes.read(fields, "hashes"),
        fields.optionalObject("custom").map(Fields::json));
  }

  /** The SHA-256, when it is among the hashes; in our own catalogues it always is. */
  public Optional<Digest> sha256() {
    return hashes.sha256();
  }

  /**
   * Returns only when the content is the listed one, TUF 5.7.3.
   *
   * @throws RejectedException TARGET_LENGTH_MISMATCH, TARGET_DIGEST_MISMATCH; UNSUPPORTED_ALGORITHM
   *     when one of the hashes cannot be checked
   */
  public void verify(byte[] content) throws RejectedException {
    requireLength(content.length);
    hashes.verify(content, Reason.TARGET_DIGEST_MISMATCH);
  }

  /**
   * The same for content that need not fit into memory; reads at most one byte too many.
   *
   * @throws RejectedException LIMIT_EXCEEDED when there is more, TARGET_LENGTH_MISMATCH when there
   *     is less, TARGET_DIGEST_MISMATCH; UNSUPPORTED_ALGORITHM when one of the hashes cannot be
   *     checked
   * @throws IOException when it cannot be read
   */
  public void verify(InputStream content) throws IOException, RejectedException {
    TargetCheck check = new TargetCheck(this, OutputStream.nullOutputStream());
    Fetcher.copy(content, lengthBytes, check);
    check.finish();
  }

  void requireLength(long found) throws RejectedException {
    if (found != lengthBytes) {
      throw new RejectedException(
          Reason.TARGET_LENGTH_MISMATCH, "length of " + path, lengthBytes, found);
    }
  }

  /**
   * Where the file lies under the repository's target directory, TUF 6.2; not percent-encoded.
   *
   * @param consistentSnapshot as root says: the last part of the path then carries a hash
   */
  public String location(boolean consistentSnapshot) {
    if (!consistentSnapshot) {
      return path;
    }
    int last = path.lastIndexOf('/') + 1;
    return path.substring(0, last) + hashes.fileNamePrefix() + "." + path.substring(last);
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object().put("length", lengthBytes).put("hashes", hashes.toJson());
    custom.ifPresent(object -> json.put("custom", object));
    return json.build();
  }
}
