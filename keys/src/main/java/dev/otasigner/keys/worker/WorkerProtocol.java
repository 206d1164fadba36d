package dev.otasigner.keys.worker;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Frames between the service and a worker that is a process of its own, over the worker's standard
 * streams: u32 length of the body, u32 number of the call, body; big-endian. An answer bears its
 * call's number, so that several calls are under way at once.
 *
 * <p>Number 0 belongs to no call. To the worker it is the first frame, whose body is the PIN, empty
 * when the worker has a file for it; from the worker it is news of its own.
 */
final class WorkerProtocol {
  static final int NEWS = 0;

  /** What a call or an answer may be long: a request with its document and approvals. */
  static final int MAX_BODY_BYTES = 4 * 1024 * 1024;

  static final int MAX_PIN_BYTES = 4096;

  private static final int HEAD_BYTES = 8;

  private WorkerProtocol() {}

  /** A frame as it came; nobody compares two. */
  @SuppressWarnings("ArrayRecordComponent")
  record Frame(int call, byte[] body) {}

  /**
   * The next frame, or null when the stream ended before it.
   *
   * @throws IOException also for a frame that is longer than this, before memory is taken for it
   */
  static @Nullable Frame read(DataInputStream in, int maxBodyBytes) throws IOException {
    int first = in.read();
    if (first < 0) {
      return null;
    }
    byte[] head = new byte[HEAD_BYTES];
    head[0] = (byte) first;
    in.readFully(head, 1, HEAD_BYTES - 1);
    ByteBuffer fields = ByteBuffer.wrap(head);
    int length = fields.getInt();
    if (length < 0 || length > maxBodyBytes) {
      throw new IOException(
          "a frame of "
              + Integer.toUnsignedLong(length)
              + " bytes; "
              + maxBodyBytes
              + " are taken");
    }
    byte[] body = in.readNBytes(length);
    if (body.length != length) {
      throw new EOFException("the stream ends within a frame");
    }
    return new Frame(fields.getInt(), body);
  }

  /** Writes a frame in one piece; callers take turns. */
  static void write(OutputStream out, int call, byte[] body) throws IOException {
    out.write(
        ByteBuffer.allocate(HEAD_BYTES + body.length)
            .putInt(body.length)
            .putInt(call)
            .put(body)
            .array());
    out.flush();
  }
}
