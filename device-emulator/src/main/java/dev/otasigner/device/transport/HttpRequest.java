package dev.otasigner.device.transport;

import dev.otasigner.verifier.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A request as the device makes them.
 *
 * @param path with a leading slash, and the query if any
 */
record HttpRequest(String method, String path, Map<String, String> headers, Optional<Bytes> body) {
  HttpRequest {
    if (!path.startsWith("/") || !path.chars().allMatch(c -> c > 32 && c < 127)) {
      throw new IllegalArgumentException("not a request path: " + path);
    }
    headers = Map.copyOf(headers);
  }

  static HttpRequest get(String path) {
    return new HttpRequest("GET", path, Map.of(), Optional.empty());
  }

  static HttpRequest postJson(String path, byte[] json) {
    return new HttpRequest(
        "POST", path, Map.of("Content-Type", "application/json"), Optional.of(Bytes.copyOf(json)));
  }

  HttpRequest with(String header, String value) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(header, value);
    return new HttpRequest(method, path, all, body);
  }

  /** Whether sending it twice is as good as once. */
  boolean isRepeatable() {
    return method.equals("GET");
  }

  byte[] toBytes(String host) {
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    headers.forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    body.ifPresent(b -> head.append("\r\nContent-Length: ").append(b.length()));
    head.append("\r\n\r\n");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(head.toString().getBytes(StandardCharsets.US_ASCII));
    body.ifPresent(b -> out.writeBytes(b.toByteArray()));
    return out.toByteArray();
  }
}
