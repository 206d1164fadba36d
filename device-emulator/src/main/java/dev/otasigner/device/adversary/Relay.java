package dev.otasigner.device.adversary;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An adversary without a key: sits in the wire between a device and its true server, and touches
 * the bytes that go by.
 */
public final class Relay implements Closeable {
  private static final int CHUNK = 16 * 1024;

  /** Who sends. */
  public enum From {
    DEVICE,
    SERVER
  }

  /** What becomes of bytes that go by. */
  @FunctionalInterface
  public interface Touch {
    /**
     * The bytes to send on in place of these.
     *
     * @param offset how many went by before them, from this sender on this connection
     * @return with another content or length; null ends the connection with a reset
     */
    byte @Nullable [] of(From from, long offset, byte[] bytes);
  }

  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final AtomicInteger touched = new AtomicInteger();
  private volatile Touch touch = (from, offset, bytes) -> bytes;
  private volatile @Nullable Drip drip;

  /** Single bytes, and the time between two of them. */
  private record Drip(From from, Duration between) {}

  private Relay(ServerSocket listener, InetSocketAddress target) {
    this.listener = listener;
    this.target = target;
  }

  /** Passes on to a port of the loopback address, as it is until told otherwise. */
  public static Relay to(int port) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Relay relay =
        new Relay(new ServerSocket(0, 50, loopback), new InetSocketAddress(loopback, port));
    daemon(relay::accept);
    return relay;
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** From now on, also on connections that are open. */
  public void begin(Touch next) {
    touched.set(0);
    drip = null;
    touch = next;
  }

  /**
   * From now on what this sender sends goes on byte by byte, with so much time between two of them:
   * below TLS, where a record that lasts for hours is still to come.
   */
  public void drip(From sender, Duration between) {
    behave();
    touched.set(0);
    drip = new Drip(sender, between);
  }

  /** From now on everything goes by as it is. */
  public void behave() {
    drip = null;
    touch = (from, offset, bytes) -> bytes;
  }

  /** How often bytes were changed since {@link #begin}; 0 means that the attack was never met. */
  public int touched() {
    return touched.get();
  }

  /** One bit of what this sender sends is another: the one in the octet at this offset. */
  public static Touch flipping(From sender, long at) {
    return (from, offset, bytes) -> {
      if (from != sender || at < offset || at >= offset + bytes.length) {
        return bytes;
      }
      byte[] changed = bytes.clone();
      changed[(int) (at - offset)] ^= 1;
      return changed;
    };
  }

  /** The connection is reset when this sender has sent so much. */
  public static Touch resetting(From sender, long at) {
    return (from, offset, bytes) -> from == sender && offset + bytes.length > at ? null : bytes;
  }

  /**
   * TLS 1.3 is taken out of what the device offers (RFC 8446, 4.2.1), so that the server agrees to
   * less.
   */
  public static Touch downgrading() {
    return (from, offset, bytes) ->
        from == From.DEVICE && offset == 0 ? ClientHello.withoutTls13(bytes) : bytes;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket device = listener.accept();
        open.add(device);
        join(device);
      } catch (IOException e) {
        // The relay was closed: accepting is over.
        return;
      }
    }
  }

  private void join(Socket device) {
    Socket server = new Socket();
    try {
      server.connect(target);
    } catch (IOException e) {
      // As in front of a server that is down.
      reset(device);
      return;
    }
    open.add(server);
    daemon(() -> pass(From.DEVICE, device, server));
    daemon(() -> pass(From.SERVER, server, device));
  }

  private void pass(From from, Socket source, Socket sink) {
    try {
      InputStream in = source.getInputStream();
      OutputStream out = sink.getOutputStream();
      byte[] chunk = new byte[CHUNK];
      long offset = 0;
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        byte[] bytes = Arrays.copyOf(chunk, n);
        byte[] next = touch.of(from, offset, bytes);
        if (next == null) {
          touched.incrementAndGet();
          throw new IOException("the connection is reset");
        }
        if (!Arrays.equals(next, bytes)) {
          touched.incrementAndGet();
        }
        send(from, next, out);
        offset += n;
      }
      sink.shutdownOutput();
    } catch (IOException e) {
      reset(source);
      reset(sink);
    }
  }

  private void send(From from, byte[] bytes, OutputStream out) throws IOException {
    for (int i = 0; i < bytes.length; i++) {
      Drip slow = drip;
      if (slow == null || slow.from() != from) {
        out.write(bytes, i, bytes.length - i);
        out.flush();
        return;
      }
      out.write(bytes[i]);
      out.flush();
      touched.incrementAndGet();
      LockSupport.parkNanos(slow.between().toNanos());
    }
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is closed already, which is all that was wanted.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    open.forEach(Relay::reset);
  }
}
