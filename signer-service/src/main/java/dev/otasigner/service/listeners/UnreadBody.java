package dev.otasigner.service.listeners;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.coyote.ActionCode;
import org.apache.tomcat.util.net.ApplicationBufferHandler;

/**
 * What becomes of a body that was refused before it was read. A client that still sends hears the
 * answer only if somebody goes on reading; who reads without an end holds a thread for a client
 * that was refused. So few threads read, and not for long; the connection is closed otherwise.
 */
final class UnreadBody {
  static final int THREADS = 8;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Semaphore threads = new Semaphore(THREADS);

  /** Sends the answer, and then leaves nothing for Tomcat to read. */
  void drop(Request request, Response response) throws IOException {
    org.apache.coyote.Request raw = request.getCoyoteRequest();
    AtomicBoolean isRead = new AtomicBoolean();
    raw.action(ActionCode.REQUEST_BODY_FULLY_READ, isRead);
    // Who expects 100-continue and was refused sends no body, and Tomcat closes the connection.
    if (isRead.get() || raw.hasExpectation() || request.isAsyncStarted()) {
      return;
    }
    response.finishResponse();
    if (threads.tryAcquire()) {
      try {
        if (reads(raw)) {
          return;
        }
      } finally {
        threads.release();
      }
    }
    raw.action(ActionCode.DISABLE_SWALLOW_INPUT, null);
  }

  /** Whether the body came to its end. */
  private static boolean reads(org.apache.coyote.Request raw) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Chunk chunk = new Chunk();
    try {
      while (System.nanoTime() < end) {
        if (raw.doRead(chunk) < 0) {
          return true;
        }
      }
    } catch (IOException e) {
      // It sends no more, or has gone.
    }
    return false;
  }

  /** Takes what Tomcat has read, and drops it. */
  private static final class Chunk implements ApplicationBufferHandler {
    private ByteBuffer buffer = EMPTY_BUFFER;

    @Override
    public void setByteBuffer(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public ByteBuffer getByteBuffer() {
      return buffer;
    }

    @Override
    public void expand(int size) {
      // What is dropped needs no room.
    }
  }
}
