package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Continuation;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of a journal: {@code journal.log}, then {@code journal-2.log} and so on, one for each
 * time that a worker took over from one that may not be dead. Each but the first begins with how
 * much of the one before is part of the journal.
 */
final class JournalSegments {
  private final Path directory;
  private final Disk disk;

  JournalSegments(Path directory, Disk disk) {
    this.directory = directory;
    this.disk = disk;
  }

  /** Gives the file that is written to, once those before it are read. */
  interface Newest {
    JournalFile after(JournalReplay.Position before) throws IOException;
  }

  /**
   * A journal's files.
   *
   * @param before read only, each as long as it counts
   */
  record Opened(List<JournalFile> before, Newest newest) {
    Opened {
      before = List.copyOf(before);
    }
  }

  /** The file of this number, counted from 1. */
  Path file(int number) {
    return directory.resolve(number == 1 ? TokenWorker.JOURNAL : "journal-" + number + ".log");
  }

  private int newest() {
    int number = 1;
    while (Files.exists(file(number + 1))) {
      number++;
    }
    return number;
  }

  /** To go on in the newest file, whose writer is dead or has closed it. */
  Opened goOn() throws IOException {
    int newest = newest();
    return new Opened(before(newest), position -> JournalFile.on(file(newest), disk));
  }

  /** To go on in a file of its own, whatever is still written to the one before. */
  Opened beginNew(Instant now) throws IOException {
    int last = newest();
    List<JournalFile> files = new ArrayList<>(before(last));
    files.add(ReadOnly.of(file(last)));
    Path next = file(last + 1);
    return new Opened(
        files,
        position -> {
          Continuation first =
              new Continuation(position.lastSeq(), position.head(), position.end(), now);
          disk.step("begin " + next.getFileName(), () -> begin(next, first));
          return JournalFile.on(next, disk);
        });
  }

  private static void begin(Path next, Continuation first) throws IOException {
    try {
      DurableFile.create(next, JournalFrame.encode(first.toJson().textBytes()));
    } catch (FileAlreadyExistsException e) {
      throw new TokenUnavailable("another worker has taken over the intent journal", e);
    }
  }

  private List<JournalFile> before(int newest) throws IOException {
    List<JournalFile> files = new ArrayList<>();
    for (int number = 1; number < newest; number++) {
      ReadOnly file = ReadOnly.of(file(number));
      file.truncate(ends(file(number + 1)));
      files.add(file);
    }
    return files;
  }

  private static long ends(Path next) throws IOException {
    byte[] json =
        JournalFrame.at(
            ReadOnly.of(next).readFrom(0, JournalFrame.HEAD_BYTES + JournalFrame.MAX_BYTES), 0);
    try {
      if (json != null && JournalEntry.read(json) instanceof Continuation first) {
        return first.ends();
      }
    } catch (RejectedException e) {
      // as below
    }
    throw new TokenUnavailable(
        "intent journal: " + next + " does not say what it follows; restore it from a backup");
  }

  /** A file that somebody else may still write to; nothing here changes it. */
  private static final class ReadOnly implements JournalFile {
    private final Path path;
    private long sizeBytes;

    private ReadOnly(Path path, long sizeBytes) {
      this.path = path;
      this.sizeBytes = sizeBytes;
    }

    static ReadOnly of(Path path) throws IOException {
      return new ReadOnly(path, Files.exists(path) ? Files.size(path) : 0);
    }

    @Override
    public long sizeBytes() {
      return sizeBytes;
    }

    @Override
    public byte[] readFrom(long offset, int maxBytes) throws IOException {
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
        byte[] bytes = new byte[(int) Math.min(maxBytes, Math.max(0, sizeBytes - offset))];
        file.seek(offset);
        file.readFully(bytes);
        return bytes;
      }
    }

    @Override
    public void append(byte[] bytes) {
      throw new IllegalStateException(path + " is not written to any more");
    }

    @Override
    public void force() {
      // nothing was written
    }

    /** What comes after is left where it is, and does not count. */
    @Override
    public void truncate(long bytes) throws IOException {
      if (bytes > sizeBytes) {
        throw new TokenUnavailable(
            "intent journal: " + path + " is shorter than it was; restore it from a backup");
      }
      sizeBytes = bytes;
    }

    @Override
    public void keepAside(byte[] cut, long offset) {
      // it stays in the file
    }

    @Override
    public void close() {
      // each reading opens and closes the file
    }
  }
}
