package dev.otasigner.device.transport;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocket;

/** One HTTP/1.1 connection, one request at a time. RFC 9112, as much of it as a device needs. */
final class HttpConnection implements Closeable {
  private static final int MAX_LINE = 8 * 1024;
  private static final int MAX_HEADERS = 64;
  private static final int MAX_INTERIM = 4;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3})(?: .*)?");
  private static final Pattern LENGTH = Pattern.compile("\\d{1,15}");

  private final TlsDialer.Dialled dialled;
  private final SSLSocket socket;
  private final Route route;
  private final Timeouts timeouts;
  private final InputStream in;
  private boolean used;
  private boolean reusable = true;
  private boolean broken;
  private long bodyBytes;
  private InputStream pending = InputStream.nullInputStream();

  HttpConnection(TlsDialer.Dialled dialled, Route route, Timeouts timeouts) throws IOException {
    this.dialled = dialled;
    this.socket = dialled.socket();
    this.route = route;
    this.timeouts = timeouts;
    this.in = new BufferedInputStream(new Opened(socket.getInputStream()), 32 * 1024);
  }

  TlsDialer.Dialled dialled() {
    return dialled;
  }

  Route route() {
    return route;
  }

  /** Whether a response broke off, never came, or was none. */
  boolean isBroken() {
    return broken;
  }

  /** Whether a request went over it before: a server may have closed it since. */
  boolean wasUsed() {
    return used;
  }

  /** Whether the last response was read to its end and the server keeps the connection. */
  boolean isReusable() {
    try {
      return reusable && pending.read() < 0;
    } catch (IOException e) {
      // The last response broke off: nothing more will come over this connection.
      return false;
    }
  }

  /** Of all bodies so far. */
  long bodyBytes() {
    return bodyBytes;
  }

  HttpResponse send(HttpRequest request) throws IOException {
    boolean wasBroken = broken;
    reusable = false;
    broken = true;
    dialled.patience().forHead();
    socket.getOutputStream().write(request.toBytes(route.authority()));
    socket.getOutputStream().flush();
    HttpResponse head = readHead();
    dialled.patience().forBody();
    used = true;
    InputStream body = framed(head);
    broken = wasBroken;
    pending = body;
    reusable = !head.closesConnection() && !(body instanceof BodyStream.UntilClose);
    return new HttpResponse(
        head.status(), head.headers(), new Noticing(timeouts.pace().watch(body, System::nanoTime)));
  }

  /** Tells how much came out of TLS. */
  private final class Opened extends FilterInputStream {
    private Opened(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int n = super.read(into, from, length);
      dialled.patience().opened(n);
      return n;
    }
  }

  /** Remembers that a body broke off. */
  private final class Noticing extends FilterInputStream {
    private Noticing(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      try {
        int n = super.read(into, from, length);
        bodyBytes += Math.max(0, n);
        return n;
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }
  }

  private HttpResponse readHead() throws IOException {
    for (int i = 0; i <= MAX_INTERIM; i++) {
      Matcher status = STATUS.matcher(readHeadLine());
      if (!status.matches()) {
        throw new IOException("not an HTTP/1.1 response");
      }
      Map<String, String> headers = readHeaders();
      int code = Integer.parseInt(status.group(1));
      if (code >= 200) {
        return new HttpResponse(code, headers, InputStream.nullInputStream());
      }
    }
    throw new IOException("more than " + MAX_INTERIM + " interim responses");
  }

  private Map<String, String> readHeaders() throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line = readHeadLine(); !line.isEmpty(); line = readHeadLine()) {
      int colon = line.indexOf(':');
      if (colon < 1 || line.charAt(0) == ' ' || line.charAt(0) == '\t') {
        throw new IOException("malformed header");
      }
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = line.substring(colon + 1).strip();
      String before = headers.put(name, value);
      boolean frames = name.equals("content-length") || name.equals("transfer-encoding");
      if (frames && before != null || headers.size() > MAX_HEADERS) {
        throw new IOException("header " + name + " stands twice, or too many headers");
      }
    }
    String length = headers.get("content-length");
    if (length != null && !LENGTH.matcher(length).matches()) {
      throw new IOException("Content-Length is not a length");
    }
    return headers;
  }

  /** RFC 9112 section 6.3; both framings at once are how responses are smuggled, so refused. */
  private InputStream framed(HttpResponse head) throws IOException {
    String coding = head.headers().get("transfer-encoding");
    if (head.status() == 204 || head.status() == 304) {
      return InputStream.nullInputStream();
    }
    if (coding == null) {
      return head.contentLength() < 0
          ? new BodyStream.UntilClose(in)
          : new BodyStream.Counted(in, head.contentLength());
    }
    if (!coding.equalsIgnoreCase("chunked") || head.contentLength() >= 0) {
      throw new IOException("framing of the body is not understood");
    }
    return new BodyStream.Chunked(in);
  }

  private String readHeadLine() throws IOException {
    return readLine(in, MAX_LINE);
  }

  static String readLine(InputStream in, int max) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the server closed the connection");
      }
      line.append((char) c);
      if (line.length() > max) {
        throw new IOException("line over " + max + " bytes");
      }
    }
    int end = line.length();
    return line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
