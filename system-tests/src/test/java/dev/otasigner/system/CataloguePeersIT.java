package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The catalogue as plain files behind nginx, with no service left: a client finds the build, and
 * forty days later by its clock it refuses what is still the same.
 */
class CataloguePeersIT {
  private static final String VERSION = "34.10";
  private static final String HEAD = CHANNEL + "/" + HARDWARE + "/head.json";
  private static final int TIMEOUT_SECONDS = 60;

  @TempDir static Path directory = Path.of("");

  private record Outcome(int status, String said) {}

  /** The service publishes, and is gone. */
  @BeforeAll
  static void publish() throws Exception {
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"))) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      product.sign(VERSION, product.addProfile("p-384", 31314)).requireDone();
      product.publish(VERSION).requireDone();
    }
  }

  private static Optional<Process> server = Optional.empty();

  @AfterAll
  static void stop() {
    server.ifPresent(Process::destroyForcibly);
  }

  private static Path catalogue() {
    return directory.resolve("data/catalogue").resolve(PRODUCT).resolve(LINEAGE);
  }

  private static Path peer(String name) {
    Optional<Path> found =
        Stream.of((System.getenv("PATH") + ":/usr/sbin").split(":", -1))
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), name + " is not installed");
    return found.orElseThrow();
  }

  /** nginx on the directory as it lies; returns its address. */
  private static String serve() throws Exception {
    Path nginx = peer("nginx");
    stop();
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Path work = Files.createDirectories(directory.resolve("nginx"));
    Path configuration = work.resolve("nginx.conf");
    Files.writeString(
        configuration,
        String.format(
            Locale.ROOT,
            """
            daemon off;
            master_process off;
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
            ofTheHowTo(port)));
    server =
        Optional.of(
            new ProcessBuilder(nginx.toString(), "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("out").toFile())
                .start());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!answers(port)) {
      assertThat(System.nanoTime()).as("nginx answers").isLessThan(end);
      Thread.onSpinWait();
    }
    return "http://127.0.0.1:" + port + "/" + PRODUCT + "/" + LINEAGE + "/";
  }

  /** The site as the how-to has it, on a port and directory of ours. */
  private static String ofTheHowTo(int port) throws IOException {
    String page = Files.readString(Repository.root().resolve("docs/how-to/serve-the-catalogue.md"));
    Matcher site = Pattern.compile("```nginx\n(.*?)```", Pattern.DOTALL).matcher(page);
    assertThat(site.find()).isTrue();
    String listen = "listen 127.0.0.1:8081;";
    String root = "root /var/lib/ota-signer/catalogue;";
    assertThat(site.group(1)).contains(listen, root);
    return site.group(1)
        .replace(listen, "listen 127.0.0.1:" + port + ";")
        .replace(root, "root " + directory.resolve("data/catalogue") + ";");
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** {@code signer tuf} in a process of its own, behind these words. */
  private static Outcome tuf(List<String> before, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", ServiceProcess.classPath()));
    command.addAll(List.of("dev.otasigner.cli.Main", "tuf"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), said);
  }

  private static HttpResponse<byte[]> get(String url, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newHttpClient()
        .send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static String said(HttpResponse<byte[]> response, String header) {
    return response.headers().firstValue(header).orElse("");
  }

  @Test
  void nginxOfTheHowToServesWhatTheServiceServes() throws Exception {
    String base = serve();
    byte[] root = Files.readAllBytes(catalogue().resolve("metadata/1.root.json"));
    HttpResponse<byte[]> packed = get(base + "metadata/1.root.json", "Accept-Encoding", "gzip");
    assertThat(said(packed, "Content-Encoding")).isEqualTo("gzip");
    assertThat(said(packed, "Vary")).isEqualTo("Accept-Encoding");
    assertThat(said(packed, "Cache-Control")).contains("immutable");
    try (var in = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
      assertThat(in.readAllBytes()).isEqualTo(root);
    }
    HttpResponse<byte[]> plain = get(base + "metadata/1.root.json");
    assertThat(plain.body()).isEqualTo(root);
    assertThat(said(plain, "ETag")).isNotEmpty().isNotEqualTo(said(packed, "ETag"));
    assertThat(
            get(base + "metadata/1.root.json", "If-None-Match", said(plain, "ETag")).statusCode())
        .isEqualTo(304);
    HttpResponse<byte[]> part = get(base + "metadata/1.root.json", "Range", "bytes=0-9");
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).isEqualTo(Arrays.copyOf(root, 10));

    HttpResponse<byte[]> timestamp =
        get(base + "metadata/timestamp.json", "Accept-Encoding", "gzip");
    assertThat(said(timestamp, "Cache-Control")).isEqualTo("max-age=60, public");
    assertThat(said(timestamp, "Content-Encoding")).isEmpty();
    assertThat(timestamp.body())
        .isEqualTo(Files.readAllBytes(catalogue().resolve("metadata/timestamp.json")));
    try (Stream<Path> own = Files.list(catalogue().resolve(".fence"))) {
      String fence = String.valueOf(own.findFirst().orElseThrow().getFileName());
      assertThat(get(base + ".fence/" + fence).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void plainFilesBehindNginxAreACatalogueUntilTheyExpire() throws Exception {
    String base = serve();
    String store = Files.createDirectories(directory.resolve("client")).toString();
    String root = catalogue().resolve("metadata/1.root.json").toString();
    Path targets = Files.createDirectories(directory.resolve("targets"));
    assertThat(tuf(List.of(), "--metadata-dir", store, "init", root)).isEqualTo(new Outcome(0, ""));

    String[] download = {
      "--metadata-url",
      base + "metadata/",
      "--metadata-dir",
      store,
      "--target-name",
      HEAD,
      "--target-dir",
      targets.toString(),
      "--target-base-url",
      base + "targets/",
      "download"
    };
    Outcome found = tuf(List.of(), download);
    assertThat(found.status()).as(found.said()).isZero();
    try (Stream<Path> files = Files.walk(targets)) {
      Path head = files.filter(Files::isRegularFile).findFirst().orElseThrow();
      assertThat(Files.readString(head)).contains(VERSION + ".0+0");
    }

    List<String> later = List.of(peer("faketime").toString(), "-f", "+40d");
    Outcome stale = tuf(later, download);
    assertThat(stale.status()).as(stale.said()).isEqualTo(1);
    assertThat(stale.said()).contains("metadata-expired");
  }
}
