package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
              server { listen 127.0.0.1:%2$d; root %3$s; }
            }
            """,
            work,
            port,
            catalogue()));
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
    return "http://127.0.0.1:" + port + "/";
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
