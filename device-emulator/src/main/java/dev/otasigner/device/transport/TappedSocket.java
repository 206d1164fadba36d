package dev.otasigner.device.transport;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection whose first bytes are read along, and timed: until the handshake is done, every
 * read counts towards one deadline, and from then on towards the {@link Patience} with a response,
 * so that a peer which drips does not outlast the stall time-out for ever.
 */
final class TappedSocket extends Socket {
  private final Duration stall;
  private final Deadline deadline;
  private @Nullable HelloReader hello;
  private @Nullable InputStream tapped;
  private volatile @Nullable Patience patience;

  TappedSocket(Duration stall, Deadline deadline) {
    this.stall = stall;
    this.deadline = deadline;
  }

  /** Connects, for as long as there is time. */
  void connect(SocketAddress address, Duration atMost) throws IOException {
    connect(address, deadline.millis(atMost));
    setTcpNoDelay(true);
  }

  /** From here on the bytes are those of TLS. */
  void listen() {
    hello = new HelloReader();
  }

  /** The handshake is done: what follows is waited for so. */
  void handshakeDone(Patience withResponses) {
    patience = withResponses;
  }

  /** What the server named in the clear. */
  Optional<String> group() {
    HelloReader reader = hello;
    return reader == null ? Optional.empty() : reader.group();
  }

  @Override
  public synchronized InputStream getInputStream() throws IOException {
    InputStream known = tapped;
    if (known == null) {
      known = new Tap(super.getInputStream());
      tapped = known;
    }
    return known;
  }

  private final class Tap extends FilterInputStream {
    private Tap(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      Patience responses = patience;
      int millis = responses == null ? deadline.millis(stall) : responses.millis(stall);
      setSoTimeout(millis);
      long start = System.nanoTime();
      int n;
      try {
        n = super.read(into, from, length);
      } catch (SocketTimeoutException e) {
        // Says so when it is not this silence alone that took too long.
        if (responses == null) {
          deadline.millis(stall);
        } else {
          responses.read(System.nanoTime() - start, 0);
          responses.millis(stall);
        }
        SocketTimeoutException named =
            new SocketTimeoutException("timed out after " + millis + " ms of silence");
        named.initCause(e);
        throw named;
      }
      if (responses != null) {
        responses.read(System.nanoTime() - start, n);
        return n;
      }
      HelloReader reader = hello;
      if (reader != null && n > 0) {
        reader.take(into, from, n);
      }
      return n;
    }
  }
}
