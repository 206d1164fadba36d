package dev.otasigner.cli.mirror;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * A mirror's files, for any web server. What is being imported lies under {@code .incoming} until
 * all of it was judged; then each file is renamed to its name, the timestamp last. Killed in
 * between, the same import finishes it.
 */
final class MirrorDirectory implements AutoCloseable {
  private final Path directory;
  private final Path incoming;
  private final FileChannel channel;
  private final Runnable beforeEach;

  private MirrorDirectory(Path directory, FileChannel channel, Runnable beforeEach) {
    this.beforeEach = beforeEach;
    this.directory = directory;
    this.incoming = directory.resolve(".incoming");
    this.channel = channel;
  }

  /** Opens it, for one import at a time. */
  static MirrorDirectory open(Path directory) throws IOException {
    return open(directory, () -> {});
  }

  /** The same, for a test that stops before a file gets its name. */
  static MirrorDirectory open(Path directory, Runnable beforeEach) throws IOException {
    Files.createDirectories(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!isLocked(channel)) {
      channel.close();
      throw CommandFailedException.of(ExitCode.REFUSED, "another import is at work there");
    }
    MirrorDirectory mirror = new MirrorDirectory(directory, channel, beforeEach);
    mirror.removeIncoming();
    return mirror;
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // by this process
    }
  }

  private Path place(String name) {
    return directory.resolve(name);
  }

  /** What a client that has followed the mirror holds. */
  FollowedSet.Holdings holdings() throws IOException, RejectedException {
    FollowedSet.Holdings held = new FollowedSet.Holdings();
    for (long v = 1; Files.exists(place(FollowedSet.root(v))); v++) {
      held.store(Metadata.ROOT, Files.readAllBytes(place(FollowedSet.root(v))));
    }
    if (held.roots().isEmpty() || !Files.exists(place(FollowedSet.TIMESTAMP))) {
      return held;
    }
    byte[] timestamp = Files.readAllBytes(place(FollowedSet.TIMESTAMP));
    held.store(Metadata.TIMESTAMP, timestamp);
    long version =
        SignedMetadata.timestamp(timestamp, TufLimits.COMMON).signed().snapshot().version();
    Path snapshotFile = place("metadata/" + version + ".snapshot.json");
    if (!Files.exists(snapshotFile)) {
      return held; // the next import brings one
    }
    byte[] snapshot = Files.readAllBytes(snapshotFile);
    held.store(Metadata.SNAPSHOT, snapshot);
    for (Map.Entry<String, MetaFile> role :
        SignedMetadata.snapshot(snapshot, TufLimits.COMMON).signed().meta().entrySet()) {
      Path file = place("metadata/" + role.getValue().version() + "." + role.getKey() + ".json");
      if (Files.exists(file)) {
        held.store(role.getKey(), Files.readAllBytes(file));
      }
    }
    return held;
  }

  Bytes firstRoot() throws IOException {
    return Bytes.copyOf(Files.readAllBytes(place(FollowedSet.root(1))));
  }

  boolean holds(String name, TargetFile target) throws IOException {
    Path file = place(name);
    if (!Files.isRegularFile(file) || Files.size(file) != target.lengthBytes()) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      target.verify(in);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  /** Keeps content that is as it is listed; its name is one that was verified. */
  void stage(String name, TargetFile target, InputStream content)
      throws IOException, RejectedException {
    Path part = incoming.resolve(name);
    Files.createDirectories(Objects.requireNonNull(part.getParent()));
    try (FileChannel file = newFile(part);
        OutputStream out = Channels.newOutputStream(file)) {
      target.verify(new Copied(content, out));
      file.force(true);
    } catch (RejectedException e) {
      throw e.in(name);
    }
  }

  /** Writes through what is read. */
  private static final class Copied extends FilterInputStream {
    private final OutputStream to;

    Copied(InputStream in, OutputStream to) {
      super(in);
      this.to = to;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int read = in.read(into, from, length);
      if (read > 0) {
        to.write(into, from, read);
      }
      return read;
    }
  }

  /** Gives everything its name: targets, roles, roots, and the timestamp last. */
  void publish(Set<String> staged, FollowedSet set, SortedMap<Long, byte[]> roots)
      throws IOException {
    for (String name : staged) {
      rename(incoming.resolve(name), place(name));
    }
    for (Map.Entry<String, Bytes> file : set.metadata().entrySet()) {
      write(file.getKey(), file.getValue().toByteArray());
    }
    for (Map.Entry<Long, byte[]> root : roots.entrySet()) {
      write(FollowedSet.root(root.getKey()), root.getValue());
    }
    write(FollowedSet.TIMESTAMP, set.timestamp().toByteArray());
  }

  private void write(String name, byte[] bytes) throws IOException {
    Path part = incoming.resolve(name);
    Files.createDirectories(Objects.requireNonNull(part.getParent()));
    try (FileChannel file = newFile(part);
        OutputStream out = Channels.newOutputStream(file)) {
      out.write(bytes);
      file.force(true);
    }
    rename(part, place(name));
  }

  private static FileChannel newFile(Path part) throws IOException {
    return FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private void rename(Path part, Path file) throws IOException {
    beforeEach.run();
    Path folder = Objects.requireNonNull(file.getParent());
    Files.createDirectories(folder);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }

  private void removeIncoming() throws IOException {
    if (!Files.isDirectory(incoming)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(incoming)) {
      for (Path file : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      removeIncoming();
    } finally {
      channel.close();
    }
  }
}
