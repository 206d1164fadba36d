package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongSupplier;

/**
 * Brings files of a repository here. Paths are relative to the repository, begin with {@link
 * #METADATA} or {@link #TARGETS}, and are percent-encoded already: nothing is left to encode.
 */
public interface Fetcher {
  /** What paths of metadata begin with. */
  String METADATA = "metadata/";

  /** What paths of targets begin with. */
  String TARGETS = "targets/";

  /**
   * Copies a file as it arrives; nothing is verified yet.
   *
   * @param path relative and percent-encoded, such as {@code metadata/2.root.json}
   * @param maxBytes where to stop: see {@link #copy}
   * @throws NotFoundException when the repository says that it has no such file
   * @throws IOException when it does not answer, or breaks off
   * @throws RejectedException LIMIT_EXCEEDED when more than {@code maxBytes} arrive
   */
  void fetch(String path, long maxBytes, OutputStream to) throws IOException, RejectedException;

  /**
   * The same into memory.
   *
   * @throws NotFoundException when the repository says that it has no such file
   * @throws IOException when it does not answer, or breaks off
   * @throws RejectedException LIMIT_EXCEEDED when more than {@code maxBytes} arrive
   */
  default byte[] fetch(String path, long maxBytes) throws IOException, RejectedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Capped.fetch(this, path, maxBytes, out);
    return out.toByteArray();
  }

  /**
   * As {@link #copy(InputStream, long, OutputStream)}, from a stream that may be slow: what a
   * fetcher over a network uses (slow retrieval attack, TUF 1.5.2).
   *
   * @param pace how slow
   * @param nanoTime a clock that never goes back, such as {@code System::nanoTime}
   * @throws RejectedException LIMIT_EXCEEDED when there are more than {@code maxBytes}
   * @throws IOException when it is slower, or either side fails
   */
  static void copy(
      InputStream from, long maxBytes, OutputStream to, Pace pace, LongSupplier nanoTime)
      throws IOException, RejectedException {
    copy(pace.watch(from, nanoTime), maxBytes, to);
  }

  /**
   * Copies at most {@code maxBytes}, and reads at most one byte more to know that there are more:
   * the endless data attack of TUF 1.5.2.
   *
   * @throws RejectedException LIMIT_EXCEEDED when there are
   * @throws IOException when either side fails
   */
  static void copy(InputStream from, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    byte[] buffer = new byte[16 * 1024];
    long left = maxBytes;
    while (true) {
      int wanted = (int) Math.min(buffer.length, Math.max(left, 1));
      int read = from.read(buffer, 0, wanted);
      if (read < 0) {
        return;
      }
      if (read > left) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "a file longer than its limit of " + maxBytes + " bytes");
      }
      to.write(buffer, 0, read);
      left -= read;
    }
  }
}
