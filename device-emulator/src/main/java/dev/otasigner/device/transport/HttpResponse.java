package dev.otasigner.device.transport;

import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * A response whose body is still on its way.
 *
 * @param headers by lower-case name
 * @param body must be read to its end before the next request
 */
record HttpResponse(int status, Map<String, String> headers, InputStream body) {
  private static final int MAX_DETAIL = 2000;
  private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");

  Optional<String> header(String lowerCaseName) {
    return Optional.ofNullable(headers.get(lowerCaseName));
  }

  /** The length the server announced, or -1. */
  long contentLength() {
    // Checked to be a number when the head was read.
    return header("content-length").map(Long::parseLong).orElse(-1L);
  }

  /** RFC 9110 6.6.1, in the one form that servers write; another says nothing. */
  Optional<Instant> date() {
    return header("date").flatMap(HttpResponse::instant);
  }

  /**
   * RFC 9110 10.2.3: seconds, or a date, which is held against the server's own and never against
   * the device's clock.
   */
  Optional<Duration> retryAfter() {
    String text = header("retry-after").orElse("");
    if (SECONDS.matcher(text).matches()) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    return instant(text).flatMap(then -> date().map(now -> Duration.between(now, then)));
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text)));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  boolean closesConnection() {
    return header("connection").map(v -> v.equalsIgnoreCase("close")).orElse(false);
  }

  /**
   * The whole body, unpacked if it came packed.
   *
   * @throws BodyTooLongException when it has more than {@code maxBytes}
   */
  byte[] readBody(long maxBytes) throws IOException {
    int limit = (int) Math.min(maxBytes, Integer.MAX_VALUE - 16);
    boolean packed = header("content-encoding").map("gzip"::equals).orElse(false);
    InputStream in = packed ? new GZIPInputStream(body) : body;
    byte[] bytes = in.readNBytes(limit);
    if (bytes.length == limit && in.read() >= 0) {
      throw new BodyTooLongException(maxBytes);
    }
    if (packed && body.read() >= 0) {
      throw new IOException("bytes after the packed body");
    }
    return bytes;
  }

  /** Reads a web server's page to its end, if it is short: the connection stays good. */
  private void passOver() {
    try {
      body.readNBytes(MAX_DETAIL * 4);
    } catch (IOException e) {
      // The status says enough; the connection is not used again.
    }
  }

  /** What went wrong, in the server's words where it has some. */
  StatusException unexpected(String path) {
    byte[] problem = problem();
    return new StatusException(
        path, status, ProblemText.of(problem), retryAfter(), ProblemText.sequence(problem));
  }

  private byte[] problem() {
    String type = header("content-type").orElse("");
    if (!type.startsWith("application/problem+json") && !type.startsWith("application/json")) {
      passOver();
      return new byte[0];
    }
    try {
      return readBody(MAX_DETAIL * 4L);
    } catch (IOException e) {
      // The status says enough; its explanation did not arrive.
      return new byte[0];
    }
  }
}
