package dev.otasigner.device.transport;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * A response whose body is still on its way.
 *
 * @param headers by lower-case name
 * @param body must be read to its end before the next request
 */
record HttpResponse(int status, Map<String, String> headers, InputStream body) {
  private static final int MAX_DETAIL = 2000;

  Optional<String> header(String lowerCaseName) {
    return Optional.ofNullable(headers.get(lowerCaseName));
  }

  /** The length the server announced, or -1. */
  long contentLength() {
    // Checked to be a number when the head was read.
    return header("content-length").map(Long::parseLong).orElse(-1L);
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

  /** What went wrong, in the server's words where it has some. */
  StatusException unexpected(String path) throws IOException {
    String detail = "";
    String type = header("content-type").orElse("");
    if (type.startsWith("application/problem+json") || type.startsWith("application/json")) {
      detail = ProblemText.of(readBody(MAX_DETAIL * 4L));
    }
    return new StatusException(path, status, detail);
  }
}
