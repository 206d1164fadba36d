package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The mark as the name of an empty file beside the journal. The file is made when the worker
 * starts, so that a disk without room has only to rename it.
 */
record OwedMark(Path none, Path owed, Disk disk) implements Journal.Mark {
  static final String NAME = "wrong-signature";

  /** The mark of this directory. */
  static OwedMark in(Path directory, Disk disk) throws IOException {
    OwedMark mark =
        new OwedMark(directory.resolve(NAME + ".none"), directory.resolve(NAME + ".owed"), disk);
    if (!Files.exists(mark.none) && !mark.isSet()) {
      DurableFile.replace(mark.none, new byte[0], disk);
    }
    return mark;
  }

  @Override
  public boolean isSet() {
    return Files.exists(owed);
  }

  @Override
  public void set() throws IOException {
    if (!isSet()) {
      rename(none, owed);
    }
  }

  @Override
  public void clear() throws IOException {
    if (isSet()) {
      rename(owed, none);
    }
  }

  private void rename(Path from, Path to) throws IOException {
    disk.step(
        "rename " + to.getFileName(), () -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE));
    DurableFile.forceDirectory(to.toAbsolutePath().resolveSibling("."));
  }
}
