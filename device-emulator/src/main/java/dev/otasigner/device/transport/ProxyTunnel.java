package dev.otasigner.device.transport;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Has a proxy connect to a server: CONNECT, RFC 9110 section 9.3.6. */
final class ProxyTunnel {
  private static final int MAX_HEAD = 8 * 1024;
  private static final int MAX_INTERIM = 4;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5]\\d{2})(?: .*)?");

  private ProxyTunnel() {}

  /**
   * When it returns, every further byte of the connection is between the device and whatever the
   * proxy connected it to. Who that is, TLS will tell.
   *
   * @param socket to the proxy; its reads end in time
   */
  static void open(Socket socket, HttpProxy proxy, Route route) throws IOException {
    socket.getOutputStream().write(request(proxy, route));
    socket.getOutputStream().flush();
    InputStream in = socket.getInputStream();
    int left = MAX_HEAD;
    for (int i = 0; i <= MAX_INTERIM; i++) {
      Head head = Head.read(in, proxy, left);
      left -= head.bytes;
      if (head.status == 407 || head.status == 401) {
        throw ProxyException.unauthorized(proxy, head.status);
      }
      if (head.status >= 300) {
        throw ProxyException.refused(proxy, route, head.status);
      }
      if (head.status >= 200) {
        // The device speaks first in TLS: what is here already is not the server's.
        if (in.available() > 0) {
          throw ProxyException.broken(proxy, "bytes follow its answer before any were sent");
        }
        return;
      }
    }
    throw ProxyException.broken(proxy, "more than " + MAX_INTERIM + " interim responses");
  }

  /** The name goes as it is: whoever is beyond the proxy is for the proxy to look up. */
  private static byte[] request(HttpProxy proxy, Route route) {
    String authority = route.authority();
    StringBuilder head = new StringBuilder(256);
    head.append("CONNECT ").append(authority).append(" HTTP/1.1\r\nHost: ").append(authority);
    proxy
        .authorization()
        .ifPresent(value -> head.append("\r\nProxy-Authorization: ").append(value));
    return head.append("\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** A response's head; its headers say nothing that matters here, a length included. */
  private record Head(int status, int bytes) {
    /** Byte by byte, so that nothing which follows is lost. */
    static Head read(InputStream in, HttpProxy proxy, int maxBytes) throws IOException {
      String first = line(in, proxy, maxBytes);
      Matcher status = STATUS.matcher(first.strip());
      if (!status.matches()) {
        throw ProxyException.broken(proxy, "its answer is not HTTP");
      }
      int bytes = first.length();
      String line;
      do {
        line = line(in, proxy, maxBytes - bytes);
        bytes += line.length();
      } while (!line.strip().isEmpty());
      return new Head(Integer.parseInt(status.group(1)), bytes);
    }

    private static String line(InputStream in, HttpProxy proxy, int maxBytes) throws IOException {
      StringBuilder line = new StringBuilder();
      int c;
      do {
        if (line.length() == maxBytes) {
          throw ProxyException.broken(proxy, "its answer is over " + MAX_HEAD + " bytes");
        }
        c = in.read();
        if (c < 0) {
          throw ProxyException.broken(proxy, "it closed the connection inside its answer");
        }
        line.append((char) c);
      } while (c != '\n');
      return line.toString();
    }
  }
}
