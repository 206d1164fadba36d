package dev.otasigner.verifier.tuf;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The steps of the file store between which the power can go. */
interface StoreDisk {
  /** The first bytes of a file, at most so many. */
  Optional<byte[]> read(Path file, int maxBytes) throws IOException;

  /** Creates or overwrites; nothing of it is on the disk for certain. */
  void write(Path file, byte[] bytes) throws IOException;

  /** What was written to the file is on the disk for certain when this returns. */
  void force(Path file) throws IOException;

  /** In one step; which name holds is not on the disk for certain. */
  void rename(Path from, Path to) throws IOException;

  /** Whether there was such a file. */
  boolean delete(Path file) throws IOException;

  /** What was renamed and deleted is on the disk for certain when this returns. */
  void forceDirectory(Path directory) throws IOException;

  /** The real one. */
  StoreDisk FILES =
      new StoreDisk() {
        @Override
        public Optional<byte[]> read(Path file, int maxBytes) throws IOException {
          try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(in.readNBytes(maxBytes));
          } catch (NoSuchFileException e) {
            return Optional.empty();
          }
        }

        @Override
        public void write(Path file, byte[] bytes) throws IOException {
          try (FileChannel channel = FileChannel.open(file, CREATE, TRUNCATE_EXISTING, WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
              channel.write(buffer);
            }
          }
        }

        @Override
        public void force(Path file) throws IOException {
          try (FileChannel channel = FileChannel.open(file, WRITE)) {
            channel.force(true);
          }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
          Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public boolean delete(Path file) throws IOException {
          return Files.deleteIfExists(file);
        }

        @Override
        public void forceDirectory(Path directory) throws IOException {
          try (FileChannel channel = FileChannel.open(directory, READ)) {
            channel.force(true);
          } catch (AccessDeniedException e) {
            // Windows does not open directories; its renames are journalled.
            if (!Files.isDirectory(directory)) {
              throw e;
            }
          }
        }
      };
}
