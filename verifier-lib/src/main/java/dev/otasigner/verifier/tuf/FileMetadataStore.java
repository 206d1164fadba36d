package dev.otasigner.verifier.tuf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * One file a role in one directory, {@code ROLE.json} with the role name percent-encoded, and in it
 * the bytes as they were received: the first and so far only arrangement. A write goes to a file
 * beside, is forced to the disk, and is then renamed; the directory is forced too. Any other file
 * in the directory is left alone. One update at a time.
 */
public final class FileMetadataStore implements MetadataStore {
  private final Path directory;
  private final int maxBytes;
  private final StoreDisk disk;

  /**
   * A store for a client with the limits of {@link TufLimits#COMMON}.
   *
   * @param directory must exist
   */
  public FileMetadataStore(Path directory) {
    this(directory, TufLimits.COMMON);
  }

  /**
   * The same for a client with other limits.
   *
   * @param directory must exist
   * @param limits of a longer file no more is read than shows that it is too long
   */
  public FileMetadataStore(Path directory, TufLimits limits) {
    this(directory, limits, StoreDisk.FILES);
  }

  FileMetadataStore(Path directory, TufLimits limits, StoreDisk disk) {
    this.directory = directory;
    int largest =
        Math.max(
            Math.max(limits.rootBytes(), limits.timestampBytes()),
            Math.max(limits.snapshotBytes(), limits.targetsBytes()));
    this.maxBytes = (int) Math.min(Integer.MAX_VALUE, largest + 1L);
    this.disk = disk;
  }

  @Override
  public Optional<byte[]> load(String role) throws IOException {
    return disk.read(file(role), maxBytes);
  }

  @Override
  public void store(String role, byte[] bytes) throws IOException {
    // Not a .json file: whoever lists the directory must not take it for trusted metadata.
    Path beside = directory.resolve("." + name(role) + ".new");
    disk.write(beside, bytes);
    disk.force(beside);
    disk.rename(beside, file(role));
    disk.forceDirectory(directory);
  }

  @Override
  public void delete(String role) throws IOException {
    if (disk.delete(file(role))) {
      disk.forceDirectory(directory);
    }
  }

  private Path file(String role) {
    return directory.resolve(name(role) + ".json");
  }

  /**
   * On a disk that takes upper case for lower, a delegated role called ROOT would overwrite the
   * trusted root: its first letter is percent-encoded too.
   */
  private static String name(String role) {
    String name = RoleFiles.encode(role);
    boolean mistakable =
        !Metadata.TOP_LEVEL.contains(role)
            && Metadata.TOP_LEVEL.contains(role.toLowerCase(Locale.ROOT));
    return mistakable
        ? String.format(Locale.ROOT, "%%%02X", (int) name.charAt(0)) + name.substring(1)
        : name;
  }
}
