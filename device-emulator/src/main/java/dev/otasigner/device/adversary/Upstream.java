package dev.otasigner.device.adversary;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Where an adversary gets the catalogue's true files. */
@FunctionalInterface
public interface Upstream {
  /** No file that an adversary passes on is longer, in bytes. */
  int MAX_BYTES = 64 << 20;

  /**
   * The file as it is now.
   *
   * @param path as a device asks for it, {@code /PRODUCT/LINEAGE/metadata/timestamp.json}
   * @return nothing when there is no such file
   */
  Optional<byte[]> get(String path) throws IOException;

  /**
   * The catalogue as a service or a mirror gives it to everybody.
   *
   * @param base what stands before {@code /PRODUCT/LINEAGE/}, such as {@code
   *     http://127.0.0.1:8080/catalogue}
   */
  static Upstream at(URI base) {
    HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    return path -> {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(30)).build();
      try {
        HttpResponse<InputStream> response =
            client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
          byte[] bytes = body.readNBytes(MAX_BYTES + 1);
          if (bytes.length > MAX_BYTES) {
            throw new IOException(path + " has more than " + MAX_BYTES + " bytes");
          }
          return response.statusCode() == 200 ? Optional.of(bytes) : Optional.empty();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    };
  }
}
