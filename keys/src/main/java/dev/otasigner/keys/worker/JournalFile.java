package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;

/**
 * The bytes under the journal: a file, or in tests one whose power is cut. Zeroes may follow the
 * last record: room for the next ones, for forcing a file that does not grow takes two thirds of
 * the time.
 */
interface JournalFile extends AutoCloseable {

  long sizeBytes() throws IOException;

  /** All bytes from this offset on. */
  byte[] readFrom(long offset, int maxBytes) throws IOException;

  /** Writes at the end. */
  void append(byte[] bytes) throws IOException;

  /** Returns when all that was written is on the disk. */
  void force() throws IOException;

  /** Cuts off what lies beyond, and forces it. */
  void truncate(long sizeBytes) throws IOException;

  /** Keeps bytes that are about to be cut off, beside the file. */
  void keepAside(byte[] cut, long offset) throws IOException;

  @Override
  void close() throws IOException;

  /**
   * A file on disk that only its owner reads, made when it is missing. Not a {@link FileChannel},
   * which closes itself under a thread that is interrupted: one interrupt would end all signing.
   */
  static JournalFile on(Path path) throws IOException {
    return on(path, Disk.REAL);
  }

  /** The same by way of this disk. */
  static JournalFile on(Path path, Disk disk) throws IOException {
    if (!Files.exists(path)) {
      try (FileChannel fresh =
          FileChannel.open(
              path,
              EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              DurableFile.ownerOnly(path))) {
        disk.step("force " + path.getFileName(), () -> fresh.force(true));
      }
      DurableFile.forceDirectory(path.toAbsolutePath().resolveSibling("."));
    }
    return new OnDisk(path, new RandomAccessFile(path.toFile(), "rw"), disk);
  }

  /** The file that is open from now on. */
  final class OnDisk implements JournalFile {
    private static final int ROOM_BYTES = 256 * 1024;

    private final Path path;
    private final RandomAccessFile file;

    /** The same file; forces data without the time of its last change, and survives interrupts. */
    private final AsynchronousFileChannel forcing;

    private final Disk disk;

    /** Where the next record goes; from there on the file has nothing but room. */
    private long end;

    OnDisk(Path path, RandomAccessFile file, Disk disk) throws IOException {
      this.path = path;
      this.file = file;
      this.forcing = AsynchronousFileChannel.open(path, StandardOpenOption.WRITE);
      this.disk = disk;
      this.end = file.length();
    }

    @Override
    public long sizeBytes() {
      return end;
    }

    @Override
    public byte[] readFrom(long offset, int maxBytes) throws IOException {
      byte[] bytes = new byte[(int) Math.min(maxBytes, Math.max(0, end - offset))];
      file.seek(offset);
      file.readFully(bytes);
      return bytes;
    }

    @Override
    public void append(byte[] bytes) throws IOException {
      long room = file.length();
      if (room < end + bytes.length) {
        file.seek(room);
        disk.write("make room in " + path.getFileName(), new byte[ROOM_BYTES], file::write);
      }
      file.seek(end);
      try {
        disk.write("write " + path.getFileName(), bytes, file::write);
      } finally {
        // After a failure too: what was written is there to be read again.
        end = Math.min(end + bytes.length, file.length());
      }
    }

    @Override
    public void force() throws IOException {
      disk.step("force " + path.getFileName(), () -> forcing.force(false));
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      disk.step("cut " + path.getFileName(), () -> file.setLength(sizeBytes));
      end = sizeBytes;
      force();
    }

    @Override
    public void keepAside(byte[] cut, long offset) throws IOException {
      DurableFile.replace(path.resolveSibling(path.getFileName() + ".cut-" + offset), cut, disk);
    }

    @Override
    public void close() throws IOException {
      try (file) {
        forcing.close();
      }
    }
  }
}
