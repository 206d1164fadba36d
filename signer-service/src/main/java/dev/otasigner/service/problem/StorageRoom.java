package dev.otasigner.service.problem;

import dev.otasigner.service.ServiceDirectories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.springframework.stereotype.Component;

/** Whether the disk of the data directory has room, and whether that is why something failed. */
@Component
public class StorageRoom {
  /** Kept free of payloads: database, journal and catalogue have to go on. */
  static final long RESERVE_BYTES = 8L * 1024 * 1024;

  /** Below this, whatever failed to be written failed for want of room. */
  private static final long NOTHING_BYTES = 256L * 1024;

  private final Path data;

  public StorageRoom(ServiceDirectories directories) {
    this.data = directories.data();
  }

  /**
   * Demands room for a payload of this length, and for the service's own files beside it.
   *
   * @throws SignerException STORAGE_FULL
   */
  public void require(long lengthBytes) throws IOException {
    if (usableBytes() - RESERVE_BYTES < lengthBytes) {
      throw full("");
    }
  }

  /** Whether this was thrown because the disk is full. */
  public boolean isWhy(Throwable e) {
    boolean writing = false;
    for (Throwable t = e; t != null; t = t.getCause()) {
      String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
      if (message.contains("no space left") || message.contains("quota exceeded")) {
        return true;
      }
      writing |= t instanceof IOException || t instanceof java.sql.SQLException;
    }
    try {
      return writing && usableBytes() < NOTHING_BYTES;
    } catch (IOException unknown) {
      return false;
    }
  }

  /** The answer, with what has become of the request where there is something to say. */
  public SignerException full(String outcome) {
    return new SignerException(
        ProblemType.STORAGE_FULL,
        outcome + "the disk of the data directory " + data + " is full: make room and ask again");
  }

  private long usableBytes() throws IOException {
    return Files.getFileStore(data).getUsableSpace();
  }
}
