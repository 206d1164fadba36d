package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A disk on which a worker that was overtaken puts no file in the place of another. It is asked
 * before each rename whether it still is the active one; and whoever takes over deletes what was
 * about to be renamed, for one that was frozen after it was asked.
 */
record FencedDisk(Disk disk, Journal.Fence fence) implements Disk {
  private static final String RENAMING = "rename";

  @Override
  public void write(String what, byte[] bytes, Sink sink) throws IOException {
    disk.write(what, bytes, sink);
  }

  @Override
  public void step(String what, Step step) throws IOException {
    if (what.startsWith(RENAMING)) {
      fence.require();
    }
    disk.step(what, step);
  }

  /** Deletes what a process that was killed, or is frozen, has begun to write and not put there. */
  static void tidy(Path directory) throws IOException {
    try (DirectoryStream<Path> begun =
        Files.newDirectoryStream(directory, DurableFile.TEMPORARY_PREFIX + "*")) {
      for (Path file : begun) {
        Files.deleteIfExists(file);
      }
    }
  }
}
