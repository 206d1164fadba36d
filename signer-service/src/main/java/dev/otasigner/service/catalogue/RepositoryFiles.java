package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Lease;
import dev.otasigner.service.catalogue.storage.Pointer;
import dev.otasigner.service.catalogue.storage.RepositoryStorage;
import dev.otasigner.service.catalogue.storage.StoredObject;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of one repository under the names that TUF gives them, as devices and mirrors see them.
 * Every file but the timestamp is written once.
 */
final class RepositoryFiles {
  /** The one object that is replaced. */
  static final String TIMESTAMP = "metadata/timestamp.json";

  private static final String METADATA = "metadata/";
  private static final String TARGETS = "targets/";
  private static final Pattern VERSIONED =
      Pattern.compile("metadata/([1-9][0-9]{0,17})\\.(.+)\\.json");
  private static final int MAX_METADATA_BYTES = 16 * 1024 * 1024;

  private final RepositoryStorage storage;

  /** By role; listed once, then followed from number to number. */
  private final Map<String, Long> highest = new HashMap<>();

  private boolean listed;

  /** What was read last, and under which pointer. */
  private Optional<Read> read = Optional.empty();

  private record Read(String tag, PublishedSet set) {}

  RepositoryFiles(RepositoryStorage storage) {
    this.storage = storage;
  }

  /** Where they are, for people. */
  String place() {
    return storage.place();
  }

  /** Where a metadata file is, for people. */
  String placeOf(String metadata) {
    return storage.place() + "/" + METADATA + metadata;
  }

  /** Where a listed file is, for people. */
  String placeOf(TargetFile target) {
    return storage.place() + "/" + nameOf(target);
  }

  Optional<byte[]> timestamp() throws IOException {
    return pointer().map(pointer -> pointer.bytes().toByteArray());
  }

  Optional<Pointer> pointer() throws IOException {
    return storage.pointer();
  }

  Optional<byte[]> versioned(long version, String role) throws IOException {
    return storage.read(nameOf(version, role), MAX_METADATA_BYTES);
  }

  /** Any file by the path that clients ask for, not encoded. */
  Optional<StoredObject> find(String path) throws IOException {
    return storage.find(path);
  }

  /** The content of a listed file, if it is there in its length. */
  Optional<StoredObject> target(TargetFile target) throws IOException {
    return storage.find(nameOf(target)).filter(o -> o.lengthBytes() == target.lengthBytes());
  }

  boolean hasTarget(TargetFile target) throws IOException {
    return target(target).isPresent();
  }

  /** The content of a small listed file. */
  Optional<byte[]> readTarget(TargetFile target) throws IOException {
    return hasTarget(target)
        ? storage.read(nameOf(target), Math.toIntExact(target.lengthBytes()))
        : Optional.empty();
  }

  /** The set that was read under the pointer's tag, while all of its files are there whole. */
  synchronized Optional<PublishedSet> readBefore(String tag) throws IOException {
    if (read.isEmpty() || !read.get().tag().equals(tag)) {
      return Optional.empty();
    }
    PublishedSet set = read.get().set();
    Map<String, Long> versions = new HashMap<>();
    versions.put(Metadata.SNAPSHOT, set.snapshot().version());
    set.roles().forEach((role, file) -> versions.put(role, file.version()));
    for (Map.Entry<String, Long> role : versions.entrySet()) {
      int length = Objects.requireNonNull(set.bytes().get(role.getKey())).length;
      Optional<StoredObject> file = storage.find(nameOf(role.getValue(), role.getKey()));
      if (file.isEmpty() || file.get().lengthBytes() != length) {
        return Optional.empty();
      }
    }
    return Optional.of(set);
  }

  synchronized void remember(String tag, PublishedSet set) {
    read = Optional.of(new Read(tag, set));
  }

  /** The highest version of the role's metadata that was ever written, 0 when there is none. */
  synchronized long highestVersion(String role) throws IOException {
    if (!listed) {
      for (String name : storage.list(METADATA)) {
        Matcher versioned = VERSIONED.matcher(name);
        if (versioned.matches()) {
          highest.merge(versioned.group(2), Long.parseLong(versioned.group(1)), Math::max);
        }
      }
      listed = true;
    }
    long version = highest.getOrDefault(role, 0L);
    while (storage.find(nameOf(version + 1, role)).isPresent()) {
      version++;
    }
    highest.put(role, version);
    return version;
  }

  /** SHA-256 of the first root, what a profile bakes in. */
  Optional<Digest> firstRoot() throws IOException {
    return versioned(1, Metadata.ROOT).map(Digest::of);
  }

  /** Takes the right to write, and waits for it. */
  RepositoryWriter acquire() throws IOException {
    Lease lease = storage.acquire();
    return new RepositoryWriter(lease);
  }

  static String nameOf(long version, String role) {
    return METADATA + version + "." + role + ".json";
  }

  static String nameOf(TargetFile target) {
    return TARGETS + target.location(true);
  }
}
