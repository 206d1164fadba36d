package dev.otasigner.device.transport;

import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Where a setting waits for a device that is switched on and holds its flash file: a file beside
 * it, for its owner only, that the device takes in before its next connection.
 */
public final class ProxyInbox {
  private static final int MAX_BYTES = 4096;

  private final Path file;

  private ProxyInbox(Path file) {
    this.file = file;
  }

  /** Of the device in this flash file. */
  public static ProxyInbox of(Path flash) {
    Path whole = flash.toAbsolutePath();
    return new ProxyInbox(whole.resolveSibling("." + whole.getFileName() + ".proxy"));
  }

  /** Leaves a setting, in the place of one that was not taken in yet. */
  public void leave(Optional<HttpProxy> proxy) throws IOException {
    Path draft = Files.createTempFile(file.getParent(), ".proxy", ".new");
    try {
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      try (FileChannel out = FileChannel.open(draft, Set.of(StandardOpenOption.WRITE))) {
        ByteBuffer bytes = ByteBuffer.wrap(HttpProxy.toBytes(proxy));
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /**
   * Takes in what waits, if anything does. It is gone only when the device keeps it.
   *
   * @throws FlashFullException when the device has no room for it; then it goes on waiting
   * @throws IOException when it is no setting; then it is gone, too
   */
  public void takeInto(NetworkMemory memory) throws IOException {
    Optional<Setting> waiting = waiting();
    if (waiting.isPresent()) {
      memory.saveProxy(waiting.get().proxy());
      Files.deleteIfExists(file);
    }
  }

  /** What a file says; nothing is to dial directly. */
  private record Setting(Optional<HttpProxy> proxy) {}

  private Optional<Setting> waiting() throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    byte[] json;
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      json = in.readNBytes(MAX_BYTES + 1);
    }
    try {
      return Optional.of(new Setting(HttpProxy.read(json)));
    } catch (RejectedException e) {
      Files.deleteIfExists(file);
      throw new IOException(file + ": no proxy setting, so it was dropped: " + e.getMessage(), e);
    }
  }

  /** Forgets what waits. */
  public void clear() throws IOException {
    Files.deleteIfExists(file);
  }

  /** The same memory, which looks in here first whenever the proxy is asked for. */
  NetworkMemory before(NetworkMemory memory) {
    return new NetworkMemory() {
      @Override
      public Optional<HttpProxy> proxy() throws IOException {
        try {
          takeInto(memory);
        } catch (FlashFullException e) {
          // It stays where it is, and counts: without it there may be no way to what makes room.
          Optional<Setting> waiting = waiting();
          if (waiting.isPresent()) {
            return waiting.get().proxy();
          }
        }
        return memory.proxy();
      }

      @Override
      public void saveProxy(Optional<HttpProxy> proxy) throws IOException {
        memory.saveProxy(proxy);
      }

      @Override
      public Optional<Worked> worked() throws IOException {
        return memory.worked();
      }

      @Override
      public void saveWorked(Worked route) throws IOException {
        memory.saveWorked(route);
      }
    };
  }
}
