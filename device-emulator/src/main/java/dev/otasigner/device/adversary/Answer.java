package dev.otasigner.device.adversary;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * What an adversary answers.
 *
 * @param status of HTTP
 * @param headers beside the length
 * @param body may have no end
 * @param length the length that is told; -1 tells none
 */
public record Answer(int status, Map<String, String> headers, InputStream body, long length) {
  public Answer {
    headers = Map.copyOf(headers);
  }

  /** A whole file. */
  public static Answer of(byte[] file) {
    return new Answer(200, Map.of(), new ByteArrayInputStream(file), file.length);
  }

  /** As to one who is nobody. */
  static Answer forbidden() {
    return new Answer(403, Map.of(), InputStream.nullInputStream(), 0);
  }

  /** What was asked for was made. */
  static Answer created(byte[] document) {
    return new Answer(201, Map.of(), new ByteArrayInputStream(document), document.length);
  }

  /** There is no such file. */
  static Answer nothing() {
    return new Answer(404, Map.of(), InputStream.nullInputStream(), 0);
  }

  /** A file under this Content-Encoding. */
  static Answer encoded(byte[] body, String encoding) {
    return new Answer(
        200, Map.of("Content-Encoding", encoding), new ByteArrayInputStream(body), body.length);
  }

  /** The beginning of a file, under its whole length; then the connection ends. */
  static Answer brokenOff(byte[] file, int sent) {
    return new Answer(200, Map.of(), new ByteArrayInputStream(file, 0, sent), file.length);
  }

  /** This byte, for as long as anybody reads. */
  static Answer endless(int octet) {
    return new Answer(200, Map.of(), new Endless(octet), -1);
  }

  static Answer redirect(String location) {
    return new Answer(302, Map.of("Location", location), InputStream.nullInputStream(), 0);
  }

  private static final class Endless extends InputStream {
    private final int octet;

    private Endless(int octet) {
      this.octet = octet;
    }

    @Override
    public int read() {
      return octet;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      java.util.Arrays.fill(into, from, from + length, (byte) octet);
      return length;
    }
  }
}
