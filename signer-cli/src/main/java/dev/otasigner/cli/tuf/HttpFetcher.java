package dev.otasigner.cli.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.NotFoundException;
import dev.otasigner.verifier.tuf.Pace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Fetches over HTTP. URLs are the base and the path as they come: encoding either again would ask
 * for another file.
 */
public final class HttpFetcher implements Fetcher {
  private static final int TIMEOUT_MILLIS = 30_000;
  private static final String GZIP = "gzip";

  /** What packing may add to bytes that can not be made smaller. */
  private static final int PACKING_BYTES = 1024;

  private final String metadataUrl;
  private final String targetUrl;
  private final Pace pace;

  /** An update that fetches no target needs no address of targets. */
  public HttpFetcher(String metadataUrl, String targetUrl, Pace pace) {
    this.metadataUrl = directory(metadataUrl);
    this.targetUrl = directory(targetUrl);
    this.pace = pace;
  }

  private static String directory(String url) {
    return url.isEmpty() || url.endsWith("/") ? url : url + "/";
  }

  @Override
  public void fetch(String path, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    HttpURLConnection connection = open(url(path));
    try {
      int status = statusOf(connection);
      if (status == HttpURLConnection.HTTP_NOT_FOUND) {
        throw new NotFoundException(path);
      }
      if (status != HttpURLConnection.HTTP_OK) {
        throw new IOException("status " + status + " for " + url(path));
      }
      long announced = connection.getContentLengthLong();
      try (Counted in = new Counted(connection.getInputStream())) {
        copy(in, connection.getContentEncoding(), maxBytes, to);
        // The JDK takes an early end for an end where a length was announced.
        if (announced >= 0 && in.count != announced) {
          throw new IOException("the answer broke off: " + url(path));
        }
      }
    } finally {
      connection.disconnect();
    }
  }

  /** Unpacks what came packed; the limit holds for what comes out, and for what goes in. */
  private void copy(Counted in, @Nullable String encoding, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    if (encoding == null) {
      Fetcher.copy(in, maxBytes, to, pace, System::nanoTime);
      return;
    }
    if (!encoding.equals(GZIP)) {
      throw new IOException("an encoding that nobody asked for: " + encoding);
    }
    in.limit = maxBytes + PACKING_BYTES;
    Fetcher.copy(new GZIPInputStream(pace.watch(in, System::nanoTime)), maxBytes, to);
    if (in.read() >= 0) {
      throw new IOException("bytes after the packed answer");
    }
  }

  /**
   * The status, unless the head of the answer takes longer than the patience: a head that drips
   * meets no timeout of a read, and has no rate.
   */
  private int statusOf(HttpURLConnection connection) throws IOException {
    AtomicBoolean late = new AtomicBoolean();
    Timer watchdog = new Timer("signer-tuf-watchdog", true);
    watchdog.schedule(
        new TimerTask() {
          @Override
          public void run() {
            late.set(true);
            connection.disconnect();
          }
        },
        pace.patience().toMillis());
    int status = -1;
    IOException trouble = null;
    try {
      status = connection.getResponseCode();
    } catch (IOException e) {
      trouble = e;
    }
    watchdog.cancel();
    // Asked in any case: the JDK answers with the status even when what follows it broke off.
    if (late.get()) {
      throw new IOException("the server is too slow: no answer to " + connection.getURL(), trouble);
    }
    if (trouble != null) {
      throw trouble;
    }
    return status;
  }

  private String url(String path) {
    return path.startsWith(METADATA)
        ? metadataUrl + path.substring(METADATA.length())
        : targetUrl + path.substring(TARGETS.length());
  }

  private static HttpURLConnection open(String url) throws IOException {
    String scheme = url.substring(0, Math.max(url.indexOf(':'), 0)).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IOException("not an HTTP address: " + url);
    }
    try {
      HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
      connection.setConnectTimeout(TIMEOUT_MILLIS);
      connection.setReadTimeout(TIMEOUT_MILLIS);
      connection.setInstanceFollowRedirects(false);
      connection.setUseCaches(false);
      connection.setRequestProperty("Accept-Encoding", GZIP);
      return connection;
    } catch (IllegalArgumentException e) {
      throw new IOException("not an HTTP address: " + url, e);
    }
  }

  /** Counts what passes. */
  private static final class Counted extends java.io.FilterInputStream {
    private long count;
    private long limit = Long.MAX_VALUE;

    private Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = in.read();
      count(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      int read = in.read(bytes, from, length);
      count(Math.max(read, 0));
      return read;
    }

    /** Of packed members only the first is read: the JDK would go a frame deeper for each. */
    @Override
    public int available() {
      return 0;
    }

    private void count(int read) throws IOException {
      count += read;
      if (count > limit) {
        throw new IOException("a packed answer longer than what it may hold");
      }
    }
  }
}
