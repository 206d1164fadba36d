package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/how-to/signer-nginx.conf in a real nginx, before a real service; without its TLS. */
class NginxSiteIT {
  private static final int TIMEOUT_SECONDS = 60;

  @TempDir Path directory;

  /** The site as it stands, with this test's places in it. */
  private Path site(ServiceProcess service, int port) throws IOException {
    Path work = Files.createDirectories(directory.resolve("nginx"));
    String site = Files.readString(Repository.root().resolve("docs/how-to/signer-nginx.conf"));
    String here =
        site.replace("/var/cache/nginx/signer", work.resolve("cache").toString())
            .replace("server 127.0.0.1:8080;", "server " + service.address().substring(7) + ";")
            .replace("listen 443 ssl;", "listen 127.0.0.1:" + port + ";")
            .replaceAll("(?m)^ *ssl_.*$", "");
    assertThat(here).doesNotContain(":8080;", "listen 443", "/var/cache");
    return Files.writeString(
        work.resolve("nginx.conf"),
        String.format(
            Locale.ROOT,
            """
            daemon off;
            user root;
            pid %1$s/pid;
            error_log %1$s/error.log;
            events { }
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              %2$s
            }
            """,
            work,
            here));
  }

  private static Path nginx() {
    Optional<Path> found =
        Stream.of((System.getenv("PATH") + ":/usr/sbin").split(":", -1))
            .map(folder -> Path.of(folder, "nginx"))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), "nginx is not installed");
    return found.orElseThrow();
  }

  private static HttpResponse<String> call(int port, String method, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void awaitPort(int port) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!answers(port)) {
      assertThat(System.nanoTime()).as("nginx answers").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void theSiteServesTheCatalogueAndTheApiAndGoesOnWithoutTheService() throws Exception {
    Path nginx = nginx();
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"))) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      product.sign("34.10", product.addProfile("p-384", 31_314)).requireDone();
      product.publish("34.10").requireDone();
      String configuration = site(service, port).toString();
      Process test =
          new ProcessBuilder(nginx.toString(), "-t", "-c", configuration).inheritIO().start();
      assertThat(test.waitFor()).isZero();
      Process server = new ProcessBuilder(nginx.toString(), "-c", configuration).start();
      try {
        awaitPort(port);
        String timestamp = "/catalogue/" + PRODUCT + "/" + LINEAGE + "/metadata/timestamp.json";
        HttpResponse<String> served = call(port, "GET", timestamp);
        assertThat(served.statusCode()).isEqualTo(200);
        assertThat(call(port, "PUT", timestamp).statusCode()).isEqualTo(403);
        assertThat(call(port, "GET", "/actuator/health").statusCode()).isEqualTo(200);
        assertThat(call(port, "GET", "/actuator/prometheus").statusCode()).isEqualTo(404);
        HttpResponse<String> refused = call(port, "GET", "/api/v1/products");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body()).contains("urn:ota:problem:unauthenticated");

        service.stop();
        HttpResponse<String> without = call(port, "GET", timestamp);
        assertThat(without.statusCode()).isEqualTo(200);
        assertThat(without.body()).isEqualTo(served.body());
        assertThat(call(port, "GET", "/api/v1/products").statusCode()).isEqualTo(502);
      } finally {
        server.descendants().forEach(ProcessHandle::destroyForcibly);
        server.destroyForcibly();
      }
    }
  }
}
