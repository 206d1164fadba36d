package dev.otasigner.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** As little of HTTP/1.1 as a client needs that shall cost nothing beside the server. */
final class Http {
  private Http() {}

  /**
   * An answer as it came over the wire.
   *
   * @param body still compressed, when it is
   * @param closing whether the connection ends with it
   */
  record Answer(String statusLine, int headerBytes, boolean gzipped, boolean closing, byte[] body) {
    int status() {
      return Integer.parseInt(statusLine.split(" ", 3)[1]);
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /** Sends a request in one piece. */
  static void send(OutputStream out, String method, String path, String headers, byte[] body)
      throws IOException {
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            + body.length
            + "\r\n"
            + headers
            + "\r\n";
    ByteArrayOutputStream message = new ByteArrayOutputStream(head.length() + body.length);
    message.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    message.writeBytes(body);
    out.write(message.toByteArray());
    out.flush();
  }

  static Answer answer(InputStream in) throws IOException {
    String status = line(in);
    int headerBytes = status.length() + 4;
    int length = 0;
    boolean chunked = false;
    boolean gzipped = false;
    boolean closing = false;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      headerBytes += header.length() + 2;
      String small = header.toLowerCase(Locale.ROOT);
      if (small.startsWith("content-length:")) {
        length = Integer.parseInt(small.substring(15).strip());
      }
      chunked |= small.startsWith("transfer-encoding:");
      gzipped |= small.equals("content-encoding: gzip");
      closing |= small.equals("connection: close");
    }
    byte[] body = chunked ? chunks(in) : in.readNBytes(length);
    return new Answer(status, headerBytes, gzipped, closing, body);
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = Integer.parseInt(line(in), 16);
        size > 0;
        size = Integer.parseInt(line(in), 16)) {
      body.writeBytes(in.readNBytes(size));
      line(in);
    }
    line(in);
    return body.toByteArray();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder(64);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the server has hung up");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /** A port that was free a moment ago. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
