package dev.otasigner.service.catalogue.storage;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * The objects of one repository, by name; parts of a name are separated by slashes. Reading needs
 * nothing; writing needs the {@link Lease}.
 */
public interface RepositoryStorage {
  /** Where it is, for people. */
  String place();

  /** An object; empty when there is none of that name, or none could have it. */
  Optional<StoredObject> find(String name) throws IOException;

  /** Names of all objects that begin so, in no order. */
  List<String> list(String prefix) throws IOException;

  /** What the pointer is now; empty when it was never written. */
  Optional<Pointer> pointer() throws IOException;

  /**
   * Takes the lease, and waits for it while its holder shows signs of life. What the holder before
   * was about to write can no longer become visible when this returns: what is read from now on
   * stays until this lease changes it.
   */
  Lease acquire() throws IOException;

  /**
   * The whole object.
   *
   * @throws IOException when it is longer than {@code maxBytes}
   */
  default Optional<byte[]> read(String name, int maxBytes) throws IOException {
    Optional<StoredObject> object = find(name);
    if (object.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = object.get().open()) {
      byte[] bytes = in.readNBytes(maxBytes);
      if (in.read() >= 0) {
        throw new IOException(place() + ": " + name + " is longer than " + maxBytes + " bytes");
      }
      return Optional.of(bytes);
    } catch (java.nio.file.NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
