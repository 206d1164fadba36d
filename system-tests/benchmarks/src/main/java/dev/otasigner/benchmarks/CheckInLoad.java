package dev.otasigner.benchmarks;

import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Check-ins over mutual TLS on kept connections, one for each device; then the service is killed
 * and started again, and has to know when each device was seen last.
 */
final class CheckInLoad {
  private static final int DEVICES = 16;
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration MEASURED = Duration.ofSeconds(15);

  /** A check-in is durable within that time. */
  private static final Duration DURABLE = Duration.ofSeconds(60);

  private static final String JSON = "Content-Type: application/json\r\n";
  private static final String DEVICES_PATH = "/api/v1/products/" + Installation.name(0);

  private final List<Device> devices = new ArrayList<>();

  /** An enrolled device and its connection, which it makes anew when the service ends it. */
  private static final class Device {
    private final String id;
    private final SSLContext tls;
    private final int port;
    private final String report;
    private SSLSocket socket;
    private InputStream in;
    private long sequence = 1;

    Device(String id, SSLContext tls, int port, String report) throws IOException {
      this.id = id;
      this.tls = tls;
      this.port = port;
      this.report = report;
      this.socket = dial(tls, port);
      this.in = new BufferedInputStream(socket.getInputStream());
    }

    void checkIn() throws IOException {
      byte[] body = ("{\"seq\":" + sequence++ + report).getBytes(StandardCharsets.UTF_8);
      Http.send(socket.getOutputStream(), "POST", "/device/v1/checkin", JSON, body);
      Http.Answer answer = Http.answer(in);
      if (answer.status() != 200) {
        throw new IOException(id + ": " + answer.status() + " " + answer.text());
      }
      if (answer.closing()) {
        socket.close();
        socket = dial(tls, port);
        in = new BufferedInputStream(socket.getInputStream());
      }
    }
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      Path data = desk.resolve("data");
      Installation.make(launcher, data, false, 1, 1);
      CheckInLoad load = new CheckInLoad();
      Instant last;
      RunningService service = RunningService.again(launcher, data, Installation.SETTINGS);
      try {
        load.enrol(service);
        load.run(WARM_UP);
        Duration cpu = service.cpu();
        long begun = System.nanoTime();
        int checkIns = load.run(MEASURED);
        double seconds = (System.nanoTime() - begun) / 1e9;
        double used = service.cpu().minus(cpu).toNanos() / 1e9;
        last = Instant.now();
        out.println("\n| check-ins of " + DEVICES + " devices over mutual TLS | measured |");
        out.println("|---|---|");
        out.println(
            String.format(
                Locale.ROOT,
                "| for a second of the service's processor time | %.0f |",
                checkIns / used));
        out.println(String.format(Locale.ROOT, "| a second | %.0f |", checkIns / seconds));
        TimeUnit.SECONDS.sleep(DURABLE.toSeconds());
      } finally {
        service.kill();
      }
      try (RunningService again = RunningService.again(launcher, data, Installation.SETTINGS)) {
        out.println(
            String.format(
                Locale.ROOT,
                "| devices that a service killed %d s later still knows as seen at the end | %d of"
                    + " %d |",
                DURABLE.toSeconds(),
                load.known(again, last.minusSeconds(2)),
                DEVICES));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private int known(RunningService service, Instant since) throws IOException, RejectedException {
    int known = 0;
    try (RunningService.Connection connection = service.connect()) {
      for (Device device : devices) {
        Instant seen = connection.get(DEVICES_PATH + "/devices/" + device.id).time("lastSeen");
        known += seen.isBefore(since) ? 0 : 1;
      }
    }
    return known;
  }

  private void enrol(RunningService service) throws IOException, RejectedException {
    try (RunningService.Connection connection = service.connect()) {
      connection.post(
          "/api/v1/keys",
          "{'name':'image','purpose':'image','suite':'ecdsa-p256-sha256','token':'software'}");
      connection.post(
          DEVICES_PATH + "/bootloaders",
          "{'id':'boot','hardware':'gw1','anchors':[{'key':'image'}],'allowList':false,"
              + "'rollbackProtection':false,'updatable':false,'keyTlv':'keyhash',"
              + "'slotBytes':1048576}");
      int enrolPort = listener(connection, "enrol");
      int devicePort = listener(connection, "device");
      for (int i = 0; i < DEVICES; i++) {
        devices.add(device(connection, "device-" + i, enrolPort, devicePort));
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("a device did not enrol", e);
    }
  }

  private static int listener(RunningService.Connection connection, String kind)
      throws IOException, RejectedException {
    return (int)
        connection
            .post(
                "/api/v1/listeners",
                "{'name':'"
                    + kind
                    + "','kind':'"
                    + kind
                    + "','port':"
                    + Http.freePort()
                    + ",'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                    + "'serverKey':'p-256'}}")
            .integer("boundPort", 1, 65535);
  }

  private static Device device(
      RunningService.Connection connection, String id, int enrolPort, int devicePort)
      throws IOException, RejectedException, GeneralSecurityException {
    String secret =
        connection
            .post(
                DEVICES_PATH + "/devices",
                "{'deviceId':'"
                    + id
                    + "','hardware':'gw1','revision':'a','bootloader':'boot','channel':'stable',"
                    + "'clockClass':'rtc','build':'1.0.0'}")
            .string("secret");
    KeyPair keys = ClientKeys.generate(ClientKeyType.P_256);
    Json.Obj request =
        Json.object()
            .put("deviceId", id)
            .put("product", Installation.name(0))
            .put("hardware", "gw1")
            .put("bootloaderId", "boot")
            .put("channel", "stable")
            .put("clockClass", "rtc")
            .put("secret", secret)
            .put("csr", CertificateRequest.pem(id, ClientKeyType.P_256, keys))
            .build();
    List<X509Certificate> chain;
    try (SSLSocket socket = dial(tls(null), enrolPort)) {
      Http.send(socket.getOutputStream(), "POST", "/device/v1/enrol", JSON, request.textBytes());
      Http.Answer answer = Http.answer(new BufferedInputStream(socket.getInputStream()));
      if (answer.status() != 201) {
        throw new IOException(id + ": " + answer.status() + " " + answer.text());
      }
      chain = IssuedCertificate.read(answer.body(), keys.getPublic());
    }
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        "device", keys.getPrivate(), new char[0], chain.toArray(X509Certificate[]::new));
    Fields state = connection.get(DEVICES_PATH + "/devices/" + id);
    return new Device(id, tls(own), devicePort, report(state));
  }

  /** The benchmark is not about the server's certificate, so anyone's will do. */
  private static SSLContext tls(@Nullable KeyStore own) throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), new TrustManager[] {new AnyServer()}, null);
    return context;
  }

  private static SSLSocket dial(SSLContext tls, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket) tls.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    return socket;
  }

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

  /** What a device at its factory build says, without the number of the report. */
  private static String report(Fields state) throws RejectedException {
    Fields running = state.object("running");
    return ",\"version\":\""
        + running.string("version")
        + "\",\"manifest\":\""
        + running.string("manifest")
        + "\",\"profile\":\""
        + running.string("profile")
        + "\",\"bootloaderId\":\"boot\",\"securityCounter\":1,\"lineage\":\"main\","
        + "\"rootVersion\":1,\"channel\":\"stable\",\"clockClass\":\"rtc\"}";
  }

  /** All devices at once, each as fast as it is answered. */
  private int run(Duration time) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(devices.size());
    long end = System.nanoTime() + time.toNanos();
    try {
      List<Future<Integer>> all = new ArrayList<>();
      for (Device device : devices) {
        all.add(
            pool.submit(
                () -> {
                  int done = 0;
                  while (System.nanoTime() < end) {
                    device.checkIn();
                    done++;
                  }
                  return done;
                }));
      }
      int done = 0;
      for (Future<Integer> one : all) {
        done += one.get();
      }
      return done;
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a device failed", e);
    } finally {
      pool.shutdownNow();
    }
  }
}
