package dev.otasigner.device.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP proxy that connects: it looks names up by itself, may ask who is there, and may be told
 * to misbehave.
 */
public final class TestProxy implements Closeable {
  /** What it does with a CONNECT: an answer of its own, or nothing to go on and connect. */
  @FunctionalInterface
  public interface Answer {
    /** Writes an answer and returns true, or returns false to have the proxy do its work. */
    boolean write(String head, Socket client) throws IOException;
  }

  private final ServerSocket listener;
  private final Map<String, Integer> servers = new ConcurrentHashMap<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private volatile Answer answer = (head, client) -> false;
  private volatile long bytesToTheClient = Long.MAX_VALUE;

  private TestProxy(ServerSocket listener) {
    this.listener = listener;
  }

  public static TestProxy start() throws IOException {
    TestProxy proxy = new TestProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    daemon("test proxy", proxy::accept);
    return proxy;
  }

  /** Knows this name, which nobody else does: host:port as the client asks, and where it leads. */
  public TestProxy knows(String authority, int port) {
    servers.put(authority, port);
    return this;
  }

  /** Answers so instead of connecting. */
  public TestProxy answering(Answer own) {
    answer = own;
    return this;
  }

  /** Lets nobody through but this user; 407 without credentials and {@code wrong} for others. */
  public TestProxy asking(String user, String password, int wrong) {
    String expected =
        "Proxy-Authorization: Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    return answering(
        (head, client) -> {
          if (head.lines().anyMatch(expected::equals)) {
            return false;
          }
          int status = head.contains("Proxy-Authorization") ? wrong : 407;
          write(client, "HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno");
          return true;
        });
  }

  /** Dies once so many bytes have gone from a server to a client. */
  public TestProxy dyingAfter(long bytes) {
    bytesToTheClient = bytes;
    return this;
  }

  public static void write(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    client.getOutputStream().flush();
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** What was asked of it, head by head. */
  public List<String> heads() {
    return heads;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        daemon("test proxy connection", () -> serve(client));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      String head = head(client.getInputStream());
      heads.add(head);
      if (answer.write(head, client)) {
        return;
      }
      String authority = head.split(" ", 3)[1];
      Integer port = servers.get(authority);
      if (port == null) {
        write(client, "HTTP/1.1 502 No Such Server\r\n\r\n");
        return;
      }
      try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
        open.add(server);
        write(client, "HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n");
        daemon("test proxy up", () -> pump(client, server, Long.MAX_VALUE));
        pump(server, client, bytesToTheClient);
      }
    } catch (IOException e) {
      // One of the two has gone.
      open.remove(client);
    }
  }

  private void pump(Socket from, Socket to, long atMost) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] chunk = new byte[4096];
      long passed = 0;
      for (int n = in.read(chunk); n >= 0 && passed < atMost; n = in.read(chunk)) {
        out.write(chunk, 0, n);
        out.flush();
        passed += n;
      }
      if (passed >= atMost) {
        close();
      }
      from.close();
      to.close();
    } catch (IOException e) {
      // Closed from the other side, or by the test.
      open.remove(from);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("closed");
      }
      head.append((char) c);
    }
    return head.toString();
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
