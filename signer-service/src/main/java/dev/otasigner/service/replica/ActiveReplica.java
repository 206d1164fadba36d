package dev.otasigner.service.replica;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the active service says of itself in the shared directory, which only the services' own user
 * writes: nobody who changes the database leads requests elsewhere.
 *
 * @param number of its lease
 * @param address of its management port
 * @param pins digests of the public keys that it shows there; none without TLS
 */
record ActiveReplica(long number, URI address, Set<Digest> pins) {
  private static final String FILE = "active.json";
  private static final int MAX_BYTES = 4096;
  private static final int MAX_PINS = 16;

  ActiveReplica {
    pins = Set.copyOf(pins);
  }

  /** Empty when no service has ever been active. */
  static Optional<ActiveReplica> in(Path directory) throws IOException {
    try {
      Fields fields = JsonReader.readObject(Files.readAllBytes(directory.resolve(FILE)), MAX_BYTES);
      fields.requireSchema(Set.of());
      return Optional.of(
          new ActiveReplica(
              fields.integer("number", 1, Long.MAX_VALUE),
              URI.create(fields.string("address")),
              new HashSet<>(fields.digests("pins", MAX_PINS))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (RejectedException | IllegalArgumentException e) {
      throw new IOException(directory.resolve(FILE) + ": " + e.getMessage(), e);
    }
  }

  /** Says so, in the place of the one before. */
  void write(Path directory) throws IOException {
    List<String> digests = pins.stream().map(Digest::hex).sorted().toList();
    Json.Obj json =
        Json.object()
            .put("schema", 1)
            .put("number", number)
            .put("address", address.toString())
            .put("pins", Json.strings(digests))
            .build();
    DurableFile.replace(directory.resolve(FILE), json.textBytes());
  }
}
