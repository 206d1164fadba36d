package dev.otasigner.cli.signing;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Several builds that belong together: {@code {defaults?, requests:[{image, output?, ...}]}}. What
 * else stands in a request, or in the defaults, is a signing request as the HTTP API takes it.
 */
record ReleaseFile(List<Entry> entries) {
  private static final int MAX_BYTES = 1024 * 1024;
  private static final int MAX_ENTRIES = 32;

  /**
   * One build.
   *
   * @param image the payload's file
   * @param output where its signed image is saved
   * @param request all the service is told but the payload's digest
   */
  record Entry(Path image, @Nullable Path output, Json.Obj request) {
    String version() {
      return request.members().get("version") instanceof Json.Str text ? text.value() : "?";
    }
  }

  /** Reads the file; names in it are relative to where it lies. */
  static ReleaseFile read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    try {
      Fields release = JsonReader.readObject(bytes, MAX_BYTES);
      Map<String, Json> defaults =
          release.has("defaults") ? release.object("defaults").members() : Map.of();
      List<Entry> entries = new ArrayList<>();
      for (Fields one : release.objects("requests", MAX_ENTRIES)) {
        Map<String, Json> members = new LinkedHashMap<>(defaults);
        members.putAll(one.members());
        String image = one.string("image");
        String output = one.optionalString("output").orElse(null);
        members.keySet().removeAll(List.of("image", "output", "payload"));
        entries.add(
            new Entry(
                file.resolveSibling(image),
                output == null ? null : file.resolveSibling(output),
                new Json.Obj(members)));
      }
      if (entries.isEmpty()) {
        throw release.malformed("requests", "at least one is expected");
      }
      return new ReleaseFile(List.copyOf(entries));
    } catch (RejectedException e) {
      throw CommandFailedException.usage(file.getFileName() + ": " + e.getMessage()).because(e);
    }
  }
}
