package dev.otasigner.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Stands between a client and a service, and does something to the connection once so many bytes
 * have gone to the service: over the last cable, as it were. Where it leads to can change.
 */
final class CuttingProxy implements AutoCloseable {

  /** What happens when the bytes have gone through. */
  interface Accident {
    void happen() throws IOException;
  }

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> open = new ArrayList<>();
  private final List<IOException> failures = new ArrayList<>();
  private int port;
  private long bytesLeft = Long.MAX_VALUE;
  private Accident accident = () -> {};
  private long bytes;

  CuttingProxy(String service) throws IOException {
    leadTo(service);
    start(this::accept);
  }

  String address() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  synchronized void leadTo(String service) {
    port = URI.create(service).getPort();
  }

  /** After so many bytes from now the connection is cut, and the accident happens. */
  synchronized void cutAfter(long count, Accident then) {
    bytesLeft = count;
    accident = then;
  }

  /** How many bytes went to the service. */
  synchronized long bytes() {
    return bytes;
  }

  /** What went wrong in accidents. */
  synchronized List<IOException> failures() {
    return List.copyOf(failures);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        start(() -> serve(client));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private synchronized int port() {
    return port;
  }

  private void serve(Socket client) {
    try (client;
        Socket service = new Socket(InetAddress.getLoopbackAddress(), port())) {
      synchronized (this) {
        open.add(client);
        open.add(service);
      }
      start(() -> copyBack(service, client));
      InputStream in = client.getInputStream();
      OutputStream out = service.getOutputStream();
      byte[] buffer = new byte[16 * 1024];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        if (counted(n)) {
          return;
        }
      }
    } catch (IOException e) {
      // One of both is gone; the other will notice.
    }
  }

  private static void copyBack(Socket service, Socket client) {
    try (service;
        client) {
      service.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // One of both is gone; the other will notice.
    }
  }

  /** Whether this was the last byte before the cut. */
  private boolean counted(int n) throws IOException {
    Accident now;
    synchronized (this) {
      bytes += n;
      bytesLeft -= n;
      if (bytesLeft > 0) {
        return false;
      }
      bytesLeft = Long.MAX_VALUE;
      now = accident;
      for (Socket socket : open) {
        socket.close();
      }
      open.clear();
    }
    try {
      now.happen();
    } catch (IOException e) {
      synchronized (this) {
        failures.add(e);
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
