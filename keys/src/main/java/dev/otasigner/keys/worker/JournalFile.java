package dev.otasigner.keys.worker;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;

/** The bytes under the journal: a file, or in tests one whose power is cut. */
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

  /** A file on disk that only its owner reads, made when it is missing. */
  static JournalFile on(Path path) throws IOException {
    boolean fresh = !Files.exists(path);
    FileChannel channel =
        FileChannel.open(
            path,
            EnumSet.of(
                StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            DurableFile.ownerOnly(path));
    if (fresh) {
      channel.force(true);
      DurableFile.forceDirectory(path.toAbsolutePath().resolveSibling("."));
    }
    return new JournalFile() {
      @Override
      public long sizeBytes() throws IOException {
        return channel.size();
      }

      @Override
      public byte[] readFrom(long offset, int maxBytes) throws IOException {
        ByteBuffer buffer =
            ByteBuffer.allocate((int) Math.min(maxBytes, Math.max(0, channel.size() - offset)));
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
          // until full or at the end
        }
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
      }

      @Override
      public void append(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long at = channel.size();
        while (buffer.hasRemaining()) {
          at += channel.write(buffer, at);
        }
      }

      @Override
      public void force() throws IOException {
        channel.force(true);
      }

      @Override
      public void truncate(long sizeBytes) throws IOException {
        channel.truncate(sizeBytes);
        channel.force(true);
      }

      @Override
      public void keepAside(byte[] cut, long offset) throws IOException {
        DurableFile.replace(path.resolveSibling(path.getFileName() + ".cut-" + offset), cut);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }
}
