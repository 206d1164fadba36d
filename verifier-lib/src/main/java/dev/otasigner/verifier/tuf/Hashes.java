package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Hashes by algorithm as a document lists them, TUF 4.4 to 4.6.
 *
 * @param byAlgorithm lower-case hex by the document's name of the algorithm, one or more; may hold
 *     algorithms that are not known here
 */
public record Hashes(Map<String, String> byAlgorithm) {
  private static final Map<String, String> JCA =
      Map.of("sha256", "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");

  public Hashes {
    byAlgorithm = Collections.unmodifiableMap(new LinkedHashMap<>(byAlgorithm));
    if (byAlgorithm.isEmpty()) {
      throw new IllegalArgumentException("hashes without a hash would accept anything");
    }
  }

  /** A SHA-256 alone. */
  public static Hashes of(Digest sha256) {
    return new Hashes(Map.of("sha256", sha256.hex()));
  }

  /** The SHA-256 of this content alone. */
  public static Hashes of(byte[] content) {
    return of(Digest.of(content));
  }

  static Hashes read(Fields fields, String name) throws RejectedException {
    Fields listed = fields.object(name);
    Map<String, String> hashes = new LinkedHashMap<>();
    for (String algorithm : listed.names()) {
      // Bounded and in hex, because a hash becomes part of a file name.
      hashes.put(algorithm, listed.hex(algorithm, 64).hex());
    }
    if (hashes.isEmpty()) {
      throw fields.malformed(name, "at least one hash is expected");
    }
    return new Hashes(hashes);
  }

  /** The SHA-256, when it is among them and is one by its length. */
  public Optional<Digest> sha256() {
    String hex = byAlgorithm.get("sha256");
    return hex != null && hex.length() == 64 ? Optional.of(new Digest(hex)) : Optional.empty();
  }

  /** A hash of these that names the file when snapshots are consistent. */
  String fileNamePrefix() {
    String sha256 = byAlgorithm.get("sha256");
    return sha256 != null ? sha256 : byAlgorithm.values().iterator().next();
  }

  /**
   * A running check over bytes that come piece by piece.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM when any algorithm is not known: what cannot be
   *     checked is not passed over
   */
  Running start() throws RejectedException {
    Map<String, MessageDigest> digests = new LinkedHashMap<>();
    for (String algorithm : byAlgorithm.keySet()) {
      String jca = JCA.get(algorithm);
      if (jca == null) {
        throw new RejectedException(
            Reason.UNSUPPORTED_ALGORITHM, "a listed hash is of an unknown algorithm");
      }
      digests.put(algorithm, Digest.digest(jca));
    }
    return new Running(digests);
  }

  /** Returns only when the content has each of the hashes. */
  void verify(byte[] content, Reason otherwise) throws RejectedException {
    Running running = start();
    running.update(content, 0, content.length);
    running.finish(otherwise);
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object();
    byAlgorithm.forEach(json::put);
    return json.build();
  }

  /** A check under way. */
  final class Running {
    private final Map<String, MessageDigest> digests;

    private Running(Map<String, MessageDigest> digests) {
      this.digests = digests;
    }

    void update(byte[] bytes, int from, int length) {
      digests.values().forEach(digest -> digest.update(bytes, from, length));
    }

    void finish(Reason otherwise) throws RejectedException {
      for (Map.Entry<String, MessageDigest> digest : digests.entrySet()) {
        String expected = byAlgorithm.get(digest.getKey());
        String found = Bytes.copyOf(digest.getValue().digest()).hex();
        if (!found.equals(expected)) {
          throw new RejectedException(otherwise, digest.getKey(), String.valueOf(expected), found);
        }
      }
    }
  }
}
