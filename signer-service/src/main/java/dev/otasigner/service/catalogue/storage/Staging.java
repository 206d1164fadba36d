package dev.otasigner.service.catalogue.storage;

import dev.otasigner.service.signing.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is being written: one flat directory, each file under its writer's number. */
final class Staging {
  private static final Pattern NAME = Pattern.compile("([1-9][0-9]{0,17})-.*");

  /** Between two signs of life while a file is copied. */
  private static final int CHUNK = 4 * 1024 * 1024;

  private final Path directory;

  Staging(Path directory) {
    this.directory = directory;
  }

  Path bytes(long number, byte[] bytes) throws IOException {
    Path part = next(number);
    boolean done = false;
    try (FileChannel channel =
        FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
      done = true;
      return part;
    } finally {
      if (!done) {
        Files.deleteIfExists(part);
      }
    }
  }

  Path content(FileFence.Taken taken, Content content) throws IOException {
    if (content instanceof Content.Document document) {
      return bytes(taken.number(), document.bytes().toByteArray());
    }
    if (content instanceof Content.LocalFile local) {
      return file(taken, local.file());
    }
    throw new IllegalArgumentException("unknown content");
  }

  /** The payload store's file never changes either: one copy on disk serves both, if it can. */
  private Path file(FileFence.Taken taken, Path source) throws IOException {
    Path part = next(taken.number());
    try {
      return Files.createLink(part, source);
    } catch (UnsupportedOperationException | FileSystemException e) {
      if (!Files.isRegularFile(source)) {
        throw e; // it is not the link
      }
    }
    boolean done = false;
    try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
        FileChannel to =
            FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long end = from.size();
      for (long at = 0; at < end; ) {
        at += from.transferTo(at, Math.min(CHUNK, end - at), to);
        taken.alive();
      }
      to.force(true);
      done = true;
      return part;
    } finally {
      if (!done) {
        Files.deleteIfExists(part);
      }
    }
  }

  private Path next(long number) throws IOException {
    DurableFiles.createDirectories(directory);
    return directory.resolve(number + "-" + UUID.randomUUID());
  }

  /** Removes what holders of lower numbers have staged: none of it can get a name any more. */
  void removeBelow(long number) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (name.matches() && Long.parseLong(name.group(1)) < number) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
