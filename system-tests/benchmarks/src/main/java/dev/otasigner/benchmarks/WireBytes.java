package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Bytes of metadata that a device fetches over HTTP, as they are sent, in a product of fifteen
 * channel roles: at the first contact, on a day with a release of its own channel, and on a day
 * with one of another channel only.
 */
final class WireBytes {
  private static final int MAX_BYTES = 5_000_000;

  private final RunningService.Connection connection;

  /** Bodies in bytes by what they are, and all headers of answers. */
  private final Map<String, Integer> bodies = new LinkedHashMap<>();

  private int headers;

  private WireBytes(RunningService.Connection connection) {
    this.connection = connection;
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    out.println("\n| metadata as sent, bytes | bodies | headers besides | goal | of which |");
    out.println("|---|---|---|---|---|");
    for (boolean postQuantum : new boolean[] {false, true}) {
      Path desk = Files.createTempDirectory("benchmark-");
      try {
        Path data = desk.resolve("data");
        Installation installation = Installation.make(launcher, data, postQuantum, 1, 1);
        try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS);
            RunningService.Connection connection = service.connect()) {
          String lineage = postQuantum ? "Ed25519 and ML-DSA-65" : "Ed25519";
          String[] goals =
              postQuantum
                  ? new String[] {"60,000", "7,000", "2,000"}
                  : new String[] {"5,000", "3,000", "1,500"};
          WireBytes first = new WireBytes(connection);
          first.firstContact();
          first.print(out, lineage + ", first contact", goals[0]);
          installation.request(connection, 0, "2.0.0");
          Installation.release(connection, 0, "stable", "2.0.0");
          WireBytes own = new WireBytes(connection);
          own.dayWithRelease();
          own.print(out, lineage + ", a day with an own release", goals[1]);
          Installation.release(connection, 0, "beta", "2.0.0");
          WireBytes quiet = new WireBytes(connection);
          quiet.dayWithout();
          quiet.print(out, lineage + ", a day with another channel's", goals[2]);
        }
      } finally {
        try (Stream<Path> files = Files.walk(desk)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  private void print(PrintStream out, String what, String goal) {
    StringBuilder parts = new StringBuilder();
    bodies.forEach(
        (name, bytes) ->
            parts.append(parts.isEmpty() ? "" : ", ").append(name).append(' ').append(bytes));
    int sum = bodies.values().stream().mapToInt(Integer::intValue).sum();
    out.println(
        String.format(
            Locale.ROOT, "| %s | %,d | %,d | %s | %s |", what, sum, headers, goal, parts));
  }

  private void firstContact() throws IOException, RejectedException {
    fetch("root", "metadata/1.root.json");
    int answer = status("metadata/2.root.json");
    if (answer != 404) {
      throw new IOException("a second root: " + answer);
    }
    Fields snapshot = timestampAndSnapshot();
    fetch("targets", "metadata/" + version(snapshot, "targets") + ".targets.json");
    ownRole(snapshot);
  }

  private void dayWithRelease() throws IOException, RejectedException {
    ownRole(timestampAndSnapshot());
  }

  private void dayWithout() throws IOException, RejectedException {
    timestampAndSnapshot();
  }

  private Fields timestampAndSnapshot() throws IOException, RejectedException {
    Fields timestamp = signed(fetch("timestamp", "metadata/timestamp.json"));
    long version = version(timestamp, "snapshot");
    return signed(fetch("snapshot", "metadata/" + version + ".snapshot.json"));
  }

  private void ownRole(Fields snapshot) throws IOException, RejectedException {
    String channel = "stable";
    String hardware = Installation.HARDWARE.get(0);
    String role = channel + "." + hardware;
    Fields listed =
        signed(fetch("role", "metadata/" + version(snapshot, role) + "." + role + ".json"));
    String head = channel + "/" + hardware + "/head.json";
    String digest = listed.object("targets").object(head).object("hashes").string("sha256");
    fetch("head.json", "targets/" + channel + "/" + hardware + "/" + digest + ".head.json");
  }

  private static long version(Fields signed, String role) throws RejectedException {
    return signed.object("meta").object(role + ".json").integer("version", 1, Long.MAX_VALUE);
  }

  private static Fields signed(byte[] envelope) throws RejectedException {
    return JsonReader.readObject(envelope, MAX_BYTES).object("signed");
  }

  private byte[] fetch(String what, String path) throws IOException {
    Http.Answer sent = get(path);
    if (sent.status() != 200) {
      throw new IOException(path + ": " + sent.statusLine());
    }
    bodies.merge(what, sent.body().length, Integer::sum);
    headers += sent.headerBytes();
    if (!sent.gzipped()) {
      return sent.body();
    }
    try (GZIPInputStream inflated = new GZIPInputStream(new ByteArrayInputStream(sent.body()))) {
      return inflated.readNBytes(MAX_BYTES);
    }
  }

  private int status(String path) throws IOException {
    Http.Answer sent = get(path);
    headers += sent.headerBytes();
    return sent.status();
  }

  private Http.Answer get(String path) throws IOException {
    return connection.fetch(
        "/catalogue/" + Installation.name(0) + "/main/" + path, "Accept-Encoding: gzip\r\n");
  }
}
