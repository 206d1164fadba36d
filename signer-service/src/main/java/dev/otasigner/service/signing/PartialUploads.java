package dev.otasigner.service.signing;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Uploads that come in pieces. What has arrived stays for a day, over a lost connection and over a
 * service that was killed, under the client who sent it: nobody adds to, or drops, another's part.
 * A part has no name among the payloads before all of it is there and has the digest it was
 * promised with.
 */
final class PartialUploads {
  static final int MAX_PARTS = 8;
  static final Duration KEPT = Duration.ofDays(1);
  private static final int BUFFER_BYTES = 256 * 1024;

  private final PayloadStore payloads;
  private final Path directory;
  private final Milestones milestones;
  private final Clock clock;
  private final Set<Path> inUse = ConcurrentHashMap.newKeySet();

  /** Opens the directory beside the payloads; parts that are older than a day are removed. */
  PartialUploads(PayloadStore payloads, Milestones milestones, Clock clock) throws IOException {
    this.payloads = payloads;
    this.milestones = milestones;
    this.directory = DurableFiles.createDirectories(payloads.partial());
    this.clock = clock;
    expire();
  }

  /**
   * How far an upload is.
   *
   * @param received bytes from the start that need not be sent again
   * @param receiving more is coming in at this moment
   */
  record Part(Digest sha256, long received, long lengthBytes, boolean receiving) {
    static Part complete(Digest sha256, long lengthBytes) {
      return new Part(sha256, lengthBytes, lengthBytes, false);
    }

    boolean isComplete() {
      return received == lengthBytes;
    }
  }

  /** What is there of this client's upload. */
  Optional<Part> find(String client, Digest sha256) throws IOException {
    return filesOf(client).stream()
        .map(PartFile::new)
        .filter(file -> file.sha256().equals(sha256))
        .findFirst()
        .map(file -> part(file, inUse.contains(directoryOf(client).resolve(sha256.hex()))))
        // All there, and without its name: it was stopped in between, and has to be sent anew.
        .filter(part -> !part.isComplete() || part.receiving());
  }

  /**
   * Takes one piece; the arrival is told when all is there. The first byte is the one after the
   * last that is there, or 0, which begins anew.
   *
   * @throws SignerException CONFLICT when it is another byte, when another piece of the same is
   *     coming in, or when the client has too many uploads under way; DIGEST_MISMATCH when all is
   *     there and is something else: nothing is kept then
   * @throws BrokenOffException when the body ends early
   */
  Part receive(
      PayloadStore.Arrival arrival,
      String client,
      Digest sha256,
      ContentRange range,
      InputStream body)
      throws IOException {
    if (range.lengthBytes() > payloads.maxBytes()) {
      throw new PayloadStore.TooLargeException(payloads.maxBytes());
    }
    Path owner = DurableFiles.createDirectories(directoryOf(client));
    Path claim = owner.resolve(sha256.hex());
    if (!inUse.add(claim)) {
      throw SignerException.conflict("another upload of " + sha256 + " of yours is coming in");
    }
    try {
      Path file = PartFile.in(owner, sha256, range.lengthBytes());
      requireNext(client, sha256, range);
      return append(arrival, file, sha256, range, body);
    } finally {
      inUse.remove(claim);
    }
  }

  /** Drops what is there; whether there was anything. */
  boolean drop(String client, Digest sha256) throws IOException {
    Path claim = directoryOf(client).resolve(sha256.hex());
    if (!inUse.add(claim)) {
      throw SignerException.conflict("the upload of " + sha256 + " is coming in just now");
    }
    try {
      boolean dropped = false;
      for (Path file : filesOf(client)) {
        if (new PartFile(file).sha256().equals(sha256)) {
          dropped |= Files.deleteIfExists(file);
        }
      }
      return dropped;
    } finally {
      inUse.remove(claim);
    }
  }

  /** Removes parts to which nothing was added for a day. */
  void expire() throws IOException {
    Instant oldest = clock.instant().minus(KEPT);
    try (Stream<Path> walk = Files.walk(directory, 2)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private void requireNext(String client, Digest sha256, ContentRange range) throws IOException {
    long there = 0;
    int others = 0;
    long bytes = range.lengthBytes();
    for (Path path : filesOf(client)) {
      PartFile file = new PartFile(path);
      if (!file.sha256().equals(sha256)) {
        others++;
        bytes += file.lengthBytes();
      } else if (range.first() == 0) {
        Files.deleteIfExists(path);
      } else if (file.lengthBytes() == range.lengthBytes()) {
        there = Files.size(path);
      }
    }
    if (range.first() != 0 && range.first() != there) {
      throw SignerException.conflict(
          "byte " + there + " of " + sha256 + " is expected next, not " + range.first());
    }
    if (others >= MAX_PARTS || others > 0 && bytes / 2 > payloads.maxBytes()) {
      throw SignerException.conflict(
          others
              + " uploads of yours are under way, and no more fit in: finish them, or drop one with"
              + " DELETE /api/v1/payloads/{digest}");
    }
  }

  private Part append(
      PayloadStore.Arrival arrival, Path file, Digest sha256, ContentRange range, InputStream body)
      throws IOException {
    Digest found;
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MessageDigest hash = hashOf(channel);
      copy(channel, hash, range, body);
      if (range.last() + 1 < range.lengthBytes()) {
        return new Part(sha256, range.last() + 1, range.lengthBytes(), false);
      }
      found = Digest.ofHash(hash.digest());
      if (found.equals(sha256)) {
        channel.force(true);
      }
    }
    if (!found.equals(sha256)) {
      Files.delete(file);
      throw new SignerException(
          ProblemType.DIGEST_MISMATCH,
          "what was uploaded has digest " + found + ", and is dropped",
          Map.of("expected", new Json.Str(sha256.hex()), "actual", new Json.Str(found.hex())));
    }
    milestones.passed("upload.forced");
    try {
      arrival.of(new PayloadStore.Stored(sha256, range.lengthBytes()));
    } catch (SignerException refused) {
      Files.delete(file);
      throw refused;
    }
    payloads.keep(file, sha256);
    milestones.passed("upload.stored");
    return Part.complete(sha256, range.lengthBytes());
  }

  /** The digest so far, with the channel behind the last byte. */
  private static MessageDigest hashOf(FileChannel channel) throws IOException {
    MessageDigest hash = Digest.sha256();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (channel.read(buffer) >= 0) {
      hash.update(buffer.flip());
      buffer.clear();
    }
    return hash;
  }

  private static void copy(
      FileChannel channel, MessageDigest hash, ContentRange range, InputStream body)
      throws IOException {
    long wanted = range.last() + 1 - range.first();
    long came = DigestedCopy.copy(new Incoming(body), wanted, channel, hash);
    if (came < wanted) {
      throw new BrokenOffException(range.first() + came, new EOFException());
    }
  }

  private static Part part(PartFile file, boolean receiving) {
    try {
      return new Part(file.sha256(), Files.size(file.path()), file.lengthBytes(), receiving);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path directoryOf(String client) {
    return directory.resolve(Digest.of(client.getBytes(StandardCharsets.UTF_8)).hex());
  }

  private List<Path> filesOf(String client) throws IOException {
    Path owner = directoryOf(client);
    if (!Files.isDirectory(owner)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(owner)) {
      return new ArrayList<>(files.filter(Files::isRegularFile).sorted().toList());
    }
  }

  /** A part's file, whose name is all that is known of it: digest and length. */
  private record PartFile(Path path) {
    private static final String SEPARATOR = "-";

    static Path in(Path owner, Digest sha256, long lengthBytes) {
      return owner.resolve(sha256.hex() + SEPARATOR + lengthBytes);
    }

    private String[] name() {
      return String.valueOf(path.getFileName()).split(SEPARATOR, 2);
    }

    Digest sha256() {
      return new Digest(name()[0]);
    }

    long lengthBytes() {
      return Long.parseLong(name()[1]);
    }
  }
}
