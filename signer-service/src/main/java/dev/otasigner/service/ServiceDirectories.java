package dev.otasigner.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * The one directory that holds everything, and its rooms. All of them exist, readable by their
 * owner alone.
 *
 * @param data absolute
 */
public record ServiceDirectories(Path data) {

  /** The rooms under {@code data}, made where they are missing. */
  public static ServiceDirectories under(Path data) throws IOException {
    ServiceDirectories directories = new ServiceDirectories(data.toAbsolutePath().normalize());
    for (Path room :
        List.of(
            directories.data,
            directories.db(),
            directories.token(),
            directories.worker(),
            directories.payloads(),
            directories.catalogue(),
            directories.audit(),
            directories.webhooks())) {
      Files.createDirectories(room, ownerOnly(room));
    }
    return directories;
  }

  /** The embedded database. */
  public Path db() {
    return data.resolve("db");
  }

  /** The software token's sealed keys. */
  public Path token() {
    return data.resolve("token");
  }

  /** The worker's configuration and intent journal. */
  public Path worker() {
    return data.resolve("worker");
  }

  /** Uploaded payloads and signed images, named by digest. */
  public Path payloads() {
    return data.resolve("payloads");
  }

  /** The published catalogue. */
  public Path catalogue() {
    return data.resolve("catalogue");
  }

  /** The newest checkpoint, apart from the database it vouches for. */
  public Path audit() {
    return data.resolve("audit");
  }

  /** The keys that webhook calls are signed with. */
  public Path webhooks() {
    return data.resolve("webhooks");
  }

  private static FileAttribute<?>[] ownerOnly(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }
}
