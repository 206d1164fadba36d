package dev.otasigner.service.signing;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A body on its way to the disk, which is asked for room again and again: how long a body gets need
 * not be stated, and others write too. A read throws STORAGE_FULL as a {@link SignerException}.
 */
final class WhileThereIsRoom extends FilterInputStream {
  /** Less than what is kept free, so that it never gets all into a payload. */
  static final long STEP_BYTES = 4L * 1024 * 1024;

  private final StorageRoom storage;
  private long sinceAsked;

  WhileThereIsRoom(InputStream in, StorageRoom storage) {
    super(in);
    this.storage = storage;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    if (sinceAsked >= STEP_BYTES) {
      ask();
      sinceAsked = 0;
    }
    int n = super.read(buffer, from, length);
    sinceAsked += Math.max(0, n);
    return n;
  }

  /** What the disk does not tell is no failure of who sends. */
  private void ask() {
    try {
      storage.require(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
