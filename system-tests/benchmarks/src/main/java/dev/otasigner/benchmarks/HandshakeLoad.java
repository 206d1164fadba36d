package dev.otasigner.benchmarks;

import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Handshakes of mutual TLS, full and resumed, of a listener and of nginx in turns: the same device
 * with the same certificate, server certificates of the same kinds, the same group. Each connection
 * carries one request that both answer with 404, so that whoever counts it knows that the server
 * was done. What counts is handshakes for a second of the server's processor time.
 */
final class HandshakeLoad {
  private static final int CLIENTS = 4;
  private static final int TURNS = 3;
  private static final Duration WARM_UP = Duration.ofSeconds(25);
  private static final Duration TURN = Duration.ofSeconds(8);
  private static final String PRODUCT = "/api/v1/products/" + Installation.name(0);

  private HandshakeLoad() {}

  /** What is measured. */
  private enum Kind {
    RSA_2048(
        ClientKeyType.RSA_2048,
        "TLSv1.2",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "rsa:2048",
        "secp256r1"),
    P_256(ClientKeyType.P_256, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "P-256", "secp256r1:secp384r1"),
    P_384(ClientKeyType.P_384, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "P-384", "secp384r1");

    private final ClientKeyType key;
    private final String version;
    private final String suite;
    private final String name;
    private final String group;

    Kind(ClientKeyType key, String version, String suite, String name, String group) {
      this.key = key;
      this.version = version;
      this.suite = suite;
      this.name = name;
      this.group = group;
    }

    String listener() {
      return "k" + key.code();
    }

    String tls() {
      return "{'versions':['"
          + version
          + "'],'suites':['"
          + suite
          + "'],'groups':['"
          + group.replace(":", "','")
          + "'],'serverKey':'"
          + key.code()
          + "'}";
    }
  }

  private record Figure(double perCpuSecond, double perSecond, double resumed) {}

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    if (!Files.isExecutable(Serving.NGINX)) {
      out.println("\nskipped: handshakes, because nginx is not there");
      return;
    }
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      Path data = desk.resolve("data");
      Installation.make(launcher, data, false, 1, 1);
      try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS)) {
        out.println(
            "\n| handshakes for a second of the server's processor time | the service | nginx |"
                + " ratio | goal |");
        out.println("|---|---|---|---|---|");
        for (Kind kind : Kind.values()) {
          measure(kind, service, Files.createDirectory(desk.resolve(kind.name())), out);
        }
      } catch (GeneralSecurityException e) {
        throw new IOException("a device did not enrol", e);
      }
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static void measure(Kind kind, RunningService service, Path desk, PrintStream out)
      throws IOException, RejectedException, GeneralSecurityException {
    int enrol;
    int listener;
    KeyPair keys = ClientKeys.generate(kind.key);
    List<X509Certificate> chain;
    try (RunningService.Connection connection = service.connect()) {
      enrol = listener(connection, "e" + kind.listener(), "enrol", kind);
      listener = listener(connection, kind.listener(), "device", kind);
      chain = enrol(connection, kind, keys, enrol);
    }
    int port = Http.freePort();
    Process nginx = nginx(kind, desk, chain, port);
    try {
      Supplier<Duration> theirs = () -> nginx.info().totalCpuDuration().orElse(Duration.ZERO);
      for (boolean resumed : new boolean[] {false, true}) {
        shake(kind, keys, chain, listener, resumed, WARM_UP, service::cpu);
        shake(kind, keys, chain, port, resumed, Duration.ofSeconds(2), theirs);
        List<Figure> ours = new ArrayList<>();
        List<Figure> yardstick = new ArrayList<>();
        for (int i = 0; i < TURNS; i++) {
          ours.add(shake(kind, keys, chain, listener, resumed, TURN, service::cpu));
          yardstick.add(shake(kind, keys, chain, port, resumed, TURN, theirs));
        }
        print(kind, resumed, middle(ours), middle(yardstick), out);
      }
    } finally {
      nginx.destroy();
      nginx.onExit().join();
    }
  }

  private static void print(
      Kind kind, boolean resumed, Figure ours, Figure yardstick, PrintStream out) {
    String goal = kind == Kind.P_384 ? "reported" : resumed ? "0.8" : "0.5";
    out.println(
        String.format(
            Locale.ROOT,
            "| %s, %s, %s (%.0f %% resumed, nginx %.0f %%) | %.0f | %.0f | %.2f | %s |",
            kind.name,
            kind.version,
            resumed ? "resumed" : "full",
            ours.resumed() * 100,
            yardstick.resumed() * 100,
            ours.perCpuSecond(),
            yardstick.perCpuSecond(),
            ours.perCpuSecond() / yardstick.perCpuSecond(),
            goal));
  }

  private static Figure middle(List<Figure> figures) {
    return figures.stream()
        .sorted(Comparator.comparingDouble(Figure::perCpuSecond))
        .toList()
        .get(figures.size() / 2);
  }

  private static int listener(
      RunningService.Connection connection, String name, String kind, Kind what)
      throws IOException, RejectedException {
    return (int)
        connection
            .post(
                "/api/v1/listeners",
                "{'name':'"
                    + name
                    + "','kind':'"
                    + kind
                    + "','port':"
                    + Http.freePort()
                    + ",'tls':"
                    + what.tls()
                    + "}")
            .integer("boundPort", 1, 65535);
  }

  private static List<X509Certificate> enrol(
      RunningService.Connection connection, Kind kind, KeyPair keys, int port)
      throws IOException, RejectedException, GeneralSecurityException {
    String id = "device-" + kind.key.code();
    if (kind == Kind.RSA_2048) {
      connection.post(
          "/api/v1/keys",
          "{'name':'image','purpose':'image','suite':'ecdsa-p256-sha256','token':'software'}");
      connection.post(
          PRODUCT + "/bootloaders",
          "{'id':'boot','hardware':'gw1','anchors':[{'key':'image'}],'allowList':false,"
              + "'rollbackProtection':false,'updatable':false,'keyTlv':'keyhash',"
              + "'slotBytes':1048576}");
    }
    String secret =
        connection
            .post(
                PRODUCT + "/devices",
                "{'deviceId':'"
                    + id
                    + "','hardware':'gw1','revision':'a','bootloader':'boot','channel':'stable',"
                    + "'clockClass':'rtc','build':'1.0.0'}")
            .string("secret");
    Json.Obj request =
        Json.object()
            .put("deviceId", id)
            .put("product", Installation.name(0))
            .put("hardware", "gw1")
            .put("bootloaderId", "boot")
            .put("channel", "stable")
            .put("clockClass", "rtc")
            .put("secret", secret)
            .put("csr", CertificateRequest.pem(id, kind.key, keys))
            .build();
    try (SSLSocket socket = dial(kind, tls(new KeyManager[0]), port)) {
      Http.send(
          socket.getOutputStream(),
          "POST",
          "/device/v1/enrol",
          "Content-Type: application/json\r\n",
          request.textBytes());
      Http.Answer answer = Http.answer(new BufferedInputStream(socket.getInputStream()));
      if (answer.status() != 201) {
        throw new IOException(id + ": " + answer.status() + " " + answer.text());
      }
      return IssuedCertificate.read(answer.body(), keys.getPublic());
    }
  }

  /** Server certificates as the service makes them: of RSA by RSA, of EC by P-384. */
  private static Process nginx(Kind kind, Path desk, List<X509Certificate> chain, int port)
      throws IOException {
    boolean rsa = kind == Kind.RSA_2048;
    List<String> authority = new ArrayList<>(List.of("openssl", "req", "-x509", "-nodes"));
    authority.addAll(key(rsa ? "rsa:2048" : "P-384"));
    authority.addAll(
        List.of("-keyout", desk + "/ca.key", "-out", desk + "/ca.pem", "-subj", "/CN=ca"));
    authority.addAll(List.of(rsa ? "-sha256" : "-sha384", "-days", "2"));
    Yardstick.output(authority);
    List<String> server = new ArrayList<>(List.of("openssl", "req", "-x509", "-nodes"));
    server.addAll(key(kind.name));
    server.addAll(
        List.of("-keyout", desk + "/server.key", "-out", desk + "/server.pem", "-days", "2"));
    server.addAll(List.of("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"));
    server.addAll(List.of("-CA", desk + "/ca.pem", "-CAkey", desk + "/ca.key"));
    server.add(rsa ? "-sha256" : "-sha384");
    Yardstick.output(server);
    Files.writeString(
        desk.resolve("chain.pem"),
        Files.readString(desk.resolve("server.pem")) + Files.readString(desk.resolve("ca.pem")));
    Files.writeString(desk.resolve("devices.pem"), pem(chain.get(chain.size() - 1)));
    Path configuration = desk.resolve("nginx.conf");
    Files.writeString(
        configuration,
        "daemon off; master_process off; pid "
            + desk.resolve("nginx.pid")
            + ";\nerror_log stderr;\nevents { worker_connections 256; }\n"
            + "http { access_log off;\n  server { listen 127.0.0.1:"
            + port
            + " ssl; ssl_certificate chain.pem; ssl_certificate_key server.key;\n"
            + "    ssl_verify_client on; ssl_client_certificate devices.pem;\n"
            + "    ssl_protocols "
            + kind.version
            + "; ssl_ecdh_curve "
            + kind.group
            + "; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\n"
            + "    ssl_session_cache shared:tls:10m; ssl_session_timeout 1h;\n"
            + "    return 404; } }\n");
    Process nginx =
        new ProcessBuilder(
                Serving.NGINX.toString(), "-p", desk.toString(), "-c", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(desk.resolve("nginx.log").toFile())
            .start();
    for (int i = 0; i < 100; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return nginx;
      } catch (IOException e) {
        Serving.pause();
      }
    }
    nginx.destroy();
    throw new IOException("nginx does not listen: " + Files.readString(desk.resolve("nginx.log")));
  }

  private static List<String> key(String name) {
    return name.startsWith("rsa")
        ? List.of("-newkey", name)
        : List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + name);
  }

  private static String pem(X509Certificate certificate) throws IOException {
    try {
      return "-----BEGIN CERTIFICATE-----\n"
          + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
          + "\n-----END CERTIFICATE-----\n";
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** All clients at once, each as fast as it is answered, on a connection each time. */
  private static Figure shake(
      Kind kind,
      KeyPair keys,
      List<X509Certificate> chain,
      int port,
      boolean resumed,
      Duration time,
      Supplier<Duration> cpu)
      throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
    LongAdder full = new LongAdder();
    try {
      KeyManager[] managers = managers(keys, chain, full);
      long begun = System.nanoTime();
      Duration before = cpu.get();
      long end = begun + time.toNanos();
      List<Future<Integer>> all = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        all.add(pool.submit(() -> client(kind, managers, port, resumed, end)));
      }
      int done = 0;
      for (Future<Integer> one : all) {
        done += one.get();
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      double used = cpu.get().minus(before).toNanos() / 1e9;
      return new Figure(done / used, done / seconds, 1 - full.sum() / (double) done);
    } catch (GeneralSecurityException | InterruptedException | ExecutionException e) {
      throw new IOException("a client failed", e);
    } finally {
      pool.shutdownNow();
    }
  }

  private static int client(Kind kind, KeyManager[] managers, int port, boolean resumed, long end)
      throws IOException, GeneralSecurityException {
    int done = 0;
    SSLContext kept = tls(managers);
    while (System.nanoTime() < end) {
      try (SSLSocket socket = dial(kind, resumed ? kept : tls(managers), port)) {
        Http.send(socket.getOutputStream(), "GET", "/", "Connection: close\r\n", new byte[0]);
        Http.Answer answer = Http.answer(new BufferedInputStream(socket.getInputStream()));
        if (answer.status() != 404) {
          throw new IOException(answer.statusLine());
        }
        done++;
      }
    }
    return done;
  }

  private static KeyManager[] managers(KeyPair keys, List<X509Certificate> chain, LongAdder full)
      throws GeneralSecurityException, IOException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        "device", keys.getPrivate(), new char[0], chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(own, new char[0]);
    return new KeyManager[] {
      new Counting((X509ExtendedKeyManager) factory.getKeyManagers()[0], full)
    };
  }

  private static SSLContext tls(KeyManager[] managers) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers, new TrustManager[] {new AnyServer()}, null);
    return context;
  }

  private static SSLSocket dial(Kind kind, SSLContext tls, int port) throws IOException {
    Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
    SSLSocket socket =
        (SSLSocket) tls.getSocketFactory().createSocket(plain, "localhost", port, true);
    socket.setTcpNoDelay(true);
    socket.setEnabledProtocols(new String[] {kind.version});
    socket.setEnabledCipherSuites(new String[] {kind.suite});
    socket.startHandshake();
    return socket;
  }

  /** The benchmark is not about the server's certificate, so anyone's will do. */
  private static final class AnyServer implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** A certificate is chosen in full handshakes only. */
  private static final class Counting extends X509ExtendedKeyManager {
    private final X509ExtendedKeyManager manager;
    private final LongAdder full;

    Counting(X509ExtendedKeyManager manager, LongAdder full) {
      this.manager = manager;
      this.full = full;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, Socket socket) {
      full.increment();
      return manager.chooseClientAlias(types, issuers, socket);
    }

    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
      return manager.getClientAliases(type, issuers);
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return manager.getCertificateChain(alias);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return manager.getPrivateKey(alias);
    }
  }
}
