package dev.otasigner.service.catalogue.storage;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.signing.DurableFiles;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * A directory whose files any web server can serve. Names that begin with a dot are its own and no
 * objects: {@code .fence} has the lease's number, {@code .staging} what is being written.
 */
public final class FileStorage implements RepositoryStorage {
  /** How long a holder may be silent; longer than any pause of a machine that still works. */
  public static final Duration LEASE = Duration.ofSeconds(30);

  private static final String FENCE = ".fence";

  private final Path directory;
  private final String pointer;
  private final FileFence fence;
  private final Staging staging;
  private final Milestones milestones;
  private final ReentrantLock withinProcess = new ReentrantLock();

  /**
   * The storage in a directory, which is made by the first write.
   *
   * @param pointer the name of the one object that is replaced
   * @param milestones told when a file is staged, and when the fence has let it pass
   * @param nanoTime a clock that never goes back, such as {@code System::nanoTime}
   */
  public FileStorage(
      Path directory,
      String pointer,
      Duration lease,
      Milestones milestones,
      LongSupplier nanoTime) {
    this.directory = directory.toAbsolutePath().normalize();
    this.pointer = pointer;
    this.milestones = milestones;
    this.fence = new FileFence(this.directory.resolve(FENCE), lease, nanoTime);
    this.staging = new Staging(this.directory.resolve(".staging"));
  }

  @Override
  public String place() {
    return directory.toString();
  }

  @Override
  public Optional<StoredObject> find(String name) throws IOException {
    Optional<Path> file = pathOf(name);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try {
      BasicFileAttributes attributes = Files.readAttributes(file.get(), BasicFileAttributes.class);
      return attributes.isRegularFile()
          ? Optional.of(new OnDisk(file.get(), attributes.size()))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (java.nio.file.FileSystemException e) {
      if (Files.exists(file.get())) {
        throw e;
      }
      return Optional.empty(); // a part of the name is a file, or too long to be one
    }
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    Path above = directory.resolve(prefix.substring(0, prefix.lastIndexOf('/') + 1)).normalize();
    if (!above.startsWith(directory) || !Files.isDirectory(above)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(above)) {
      return walk.filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .filter(name -> name.startsWith(prefix) && !name.startsWith("."))
          .toList();
    } catch (UncheckedIOException e) {
      throw new IOException(e);
    }
  }

  @Override
  public Optional<Pointer> pointer() throws IOException {
    try {
      byte[] bytes = Files.readAllBytes(require(pointer));
      return Optional.of(new Pointer(Bytes.copyOf(bytes), Digest.of(bytes).hex()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public Lease acquire() throws IOException {
    if (withinProcess.isHeldByCurrentThread()) {
      throw new IllegalStateException("this thread is publishing already");
    }
    withinProcess.lock();
    boolean done = false;
    FileFence.Taken taken = null;
    try {
      FormerLayout former = new FormerLayout(directory);
      taken = fence.take(former.number() + 1);
      // The order matters: the fence is up, then nothing staged below it is left, then is read.
      staging.removeBelow(taken.number());
      former.remove();
      done = true;
      return new OnFiles(taken);
    } finally {
      if (!done) {
        if (taken != null) {
          taken.close();
        }
        withinProcess.unlock();
      }
    }
  }

  private Path require(String name) throws IOException {
    return pathOf(name)
        .orElseThrow(() -> new IOException(place() + ": no object can be named " + name));
  }

  /** Where an object of the name would lie; empty when it would lie elsewhere. */
  private Optional<Path> pathOf(String name) {
    if (name.isEmpty() || name.startsWith("/") || name.endsWith("/")) {
      return Optional.empty();
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.startsWith(".")) {
        return Optional.empty();
      }
    }
    try {
      return Optional.of(directory.resolve(name));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private record OnDisk(Path file, long lengthBytes) implements StoredObject {
    @Override
    public InputStream open(long fromByte) throws IOException {
      SeekableByteChannel channel = Files.newByteChannel(file);
      channel.position(Math.min(fromByte, lengthBytes));
      return Channels.newInputStream(channel);
    }
  }

  /** The lease while it is held. */
  private final class OnFiles implements Lease {
    private final FileFence.Taken taken;

    OnFiles(FileFence.Taken taken) {
      this.taken = taken;
    }

    @Override
    public long number() {
      return taken.number();
    }

    @Override
    public void alive() throws IOException {
      taken.alive();
    }

    @Override
    public void create(String name, byte[] bytes) throws IOException {
      Path place = require(name);
      DurableFiles.createDirectories(place.resolveSibling(""));
      Path part = staging.bytes(taken.number(), bytes);
      // A link is refused where the name is taken, and where what is staged was removed.
      release(part, () -> Files.createLink(place, part));
      DurableFiles.syncDirectory(place.resolveSibling(""));
    }

    @Override
    public void put(String name, Content content) throws IOException {
      Path place = require(name);
      DurableFiles.createDirectories(place.resolveSibling(""));
      Path part = staging.content(taken, content);
      release(part, () -> DurableFiles.moveInto(part, place));
    }

    @Override
    public void remove(String name) throws IOException {
      Path place = require(name);
      taken.requireCurrent();
      if (Files.deleteIfExists(place)) {
        DurableFiles.syncDirectory(place.resolveSibling(""));
      }
    }

    @Override
    public void replacePointer(Optional<String> expectedTag, byte[] bytes) throws IOException {
      Path place = require(pointer);
      DurableFiles.createDirectories(place.resolveSibling(""));
      Path part = staging.bytes(taken.number(), bytes);
      release(
          part,
          () -> {
            if (!pointer().map(Pointer::tag).equals(expectedTag)) {
              throw new LostException(place(), taken.number());
            }
            DurableFiles.moveInto(part, place);
          });
    }

    /** Staged first, then past the fence, then given its name. */
    private void release(Path part, Naming naming) throws IOException {
      try {
        milestones.passed("catalogue.staged");
        taken.requireCurrent();
        milestones.passed("catalogue.fenced");
        naming.run();
      } catch (NoSuchFileException e) {
        taken.requireCurrent(); // whoever took over has removed it
        throw e;
      } finally {
        Files.deleteIfExists(part);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        taken.close();
      } finally {
        withinProcess.unlock();
      }
    }
  }

  /** Gives a staged file its name. */
  private interface Naming {
    void run() throws IOException;
  }
}
