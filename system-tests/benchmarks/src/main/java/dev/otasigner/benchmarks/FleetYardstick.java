package dev.otasigner.benchmarks;

import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * nginx in the service's place: mutual TLS in the same versions and suites, with keys of the same
 * kinds, the catalogue's files from the service's own directory, and an answer to check-ins that
 * keeps nothing.
 */
final class FleetYardstick implements AutoCloseable {
  private static final int TRIES = 100;

  private final Path desk;
  private final int legacyPort;
  private final int modernPort;
  private @Nullable Process nginx;

  private FleetYardstick(Path desk) throws IOException {
    this.desk = desk;
    this.legacyPort = freePort();
    this.modernPort = freePort();
  }

  /** Makes authorities and keys; nothing listens yet. */
  static FleetYardstick prepare() throws IOException {
    FleetYardstick yardstick = new FleetYardstick(Files.createTempDirectory("benchmark-"));
    Files.writeString(yardstick.desk.resolve("san"), "subjectAltName=DNS:localhost\n");
    yardstick.make("rsa", "rsa:2048", List.of());
    yardstick.make("ec", "ec", List.of("-pkeyopt", "ec_paramgen_curve:prime256v1"));
    return yardstick;
  }

  private void make(String name, String kind, List<String> options) throws IOException {
    openssl(
        with(
            List.of("req", "-x509", "-newkey", kind, "-nodes", "-days", "30", "-subj", "/CN=bench"),
            options,
            List.of("-keyout", file(name + "-ca.key"), "-out", file(name + "-ca.pem"))));
    openssl(
        with(
            List.of("req", "-newkey", kind, "-nodes", "-subj", "/CN=localhost"),
            options,
            List.of("-keyout", file(name + ".key"), "-out", file(name + ".csr"))));
    openssl(
        List.of(
            "x509",
            "-req",
            "-days",
            "30",
            "-in",
            file(name + ".csr"),
            "-CA",
            file(name + "-ca.pem"),
            "-CAkey",
            file(name + "-ca.key"),
            "-CAcreateserial",
            "-extfile",
            file("san"),
            "-out",
            file(name + "-leaf.pem")));
    Files.writeString(
        desk.resolve(name + ".pem"),
        Files.readString(desk.resolve(name + "-leaf.pem"))
            + Files.readString(desk.resolve(name + "-ca.pem")));
  }

  private static List<String> with(List<String> first, List<String> then, List<String> last) {
    return Stream.of(first, then, last).flatMap(List::stream).toList();
  }

  private static void openssl(List<String> arguments) throws IOException {
    Yardstick.run(with(List.of("openssl"), arguments, List.of()), Map.of());
  }

  private String file(String name) {
    return desk.resolve(name).toString();
  }

  /** What devices pin of it. */
  String anchor(String name) throws IOException {
    try (InputStream in = Files.newInputStream(desk.resolve(name + "-ca.pem"))) {
      X509Certificate certificate =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      return Digest.of(certificate.getPublicKey().getEncoded()).hex();
    } catch (CertificateException e) {
      throw new IOException("openssl made no certificate", e);
    }
  }

  int legacyPort() {
    return legacyPort;
  }

  int modernPort() {
    return modernPort;
  }

  /**
   * Starts it, with as many workers as there are processors.
   *
   * @param authorities that vouch for devices
   */
  void start(Path catalogue, String authorities) throws IOException {
    Files.writeString(desk.resolve("devices.pem"), authorities);
    String server =
        """
          server {
            listen 127.0.0.1:PORT ssl;
            ssl_certificate DESK/NAME.pem;
            ssl_certificate_key DESK/NAME.key;
            ssl_protocols VERSION;
            CIPHERS
            ssl_client_certificate DESK/devices.pem;
            ssl_verify_client on;
            ssl_verify_depth 2;
            root CATALOGUE;
            location = /device/v1/checkin {
              default_type application/json;
              return 200 '{"nextSeconds":3600}';
            }
            location / { }
          }
        """
            .replace("DESK", desk.toString())
            .replace("CATALOGUE", catalogue.toString());
    String configuration =
        "user "
            + System.getProperty("user.name")
            + ";\nworker_processes auto;\ndaemon off;\npid "
            + file("pid")
            + ";\nerror_log "
            + file("error.log")
            + ";\nevents { worker_connections 4096; }\nhttp {\naccess_log off; gzip_static on;"
            + " sendfile on; tcp_nopush on; keepalive_timeout 15s;\nclient_body_temp_path "
            + file("body")
            + ";\nproxy_temp_path "
            + file("proxy")
            + ";\nfastcgi_temp_path "
            + file("fastcgi")
            + ";\nuwsgi_temp_path "
            + file("uwsgi")
            + ";\nscgi_temp_path "
            + file("scgi")
            + ";\n"
            + server
                .replace("PORT", Integer.toString(legacyPort))
                .replace("NAME", "rsa")
                .replace("VERSION", "TLSv1.2")
                .replace("CIPHERS", "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;")
            + server
                .replace("PORT", Integer.toString(modernPort))
                .replace("NAME", "ec")
                .replace("VERSION", "TLSv1.3")
                .replace("CIPHERS", "ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;")
            + "}\n";
    Path file = Files.writeString(desk.resolve("nginx.conf"), configuration);
    nginx =
        new ProcessBuilder("nginx", "-c", file.toString(), "-p", desk.toString())
            .redirectErrorStream(true)
            .redirectOutput(desk.resolve("out").toFile())
            .start();
    awaitPort();
  }

  private void awaitPort() throws IOException {
    for (int i = 0; i < TRIES; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), modernPort)) {
        return;
      } catch (IOException e) {
        try {
          TimeUnit.MILLISECONDS.sleep(50);
        } catch (InterruptedException interrupt) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", interrupt);
        }
      }
    }
    throw new IOException("nginx does not listen: " + Files.readString(desk.resolve("out")));
  }

  /** Of all its workers. */
  Duration cpu() {
    Process running = nginx;
    if (running == null) {
      throw new IllegalStateException("nginx is not started");
    }
    return running
        .descendants()
        .map(worker -> worker.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    Process running = nginx;
    if (running != null) {
      running.destroy();
      running.onExit().join();
    }
    try (Stream<Path> files = Files.walk(desk)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Sees which authorities vouch for the devices that enrol. */
  static final class Witness {
    private final Set<X509Certificate> authorities = ConcurrentHashMap.newKeySet();

    /** The enrolment listener, seen through. */
    Server of(Server server) {
      return new Seen(server);
    }

    /** In PEM, one after the other. */
    String authorities() throws IOException {
      return IssuedCertificate.pem(List.copyOf(authorities));
    }

    private final class Seen implements Server {
      private final Server server;

      Seen(Server server) {
        this.server = server;
      }

      @Override
      public byte[] get(String path, long maxBytes) throws IOException {
        return server.get(path, maxBytes);
      }

      @Override
      public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
          throws IOException {
        byte[] answer = server.post(path, json, expectedStatus, maxBytes);
        List<X509Certificate> chain = new ArrayList<>();
        try {
          for (String pem :
              JsonReader.readObject(answer, IssuedCertificate.MAX_BYTES).strings("cert", 5)) {
            chain.addAll(IssuedCertificate.certificates(pem));
          }
        } catch (RejectedException e) {
          throw new IOException("no certificate", e);
        }
        authorities.addAll(chain.subList(1, chain.size()));
        return answer;
      }

      @Override
      public Download download(String path, long offset) throws IOException {
        return server.download(path, offset);
      }

      @Override
      public Optional<Negotiated> negotiated() {
        return server.negotiated();
      }

      @Override
      public void close() throws IOException {
        server.close();
      }
    }
  }
}
