package dev.otasigner.benchmarks;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The service in a process of its own, with one product, asked for one build after the other by
 * several clients at once. The client is a plain socket: it shares the processors with the service.
 */
final class ServiceLoad implements AutoCloseable {
  private static final int MAX_ANSWER = 1 << 20;
  static final int CLIENTS = 8;

  private final Process process;
  private final int port;
  private final AtomicInteger builds = new AtomicInteger();
  private String token = "";
  private final List<String> requestEnds = new ArrayList<>();

  /**
   * What a run showed.
   *
   * @param cpu of the service's process, children not counted
   */
  record Figure(int requests, double seconds, Duration cpu) {
    double perSecond() {
      return requests / seconds;
    }

    double cpuMillis() {
      return cpu.toNanos() / 1e6 / requests;
    }
  }

  /**
   * What is asked for.
   *
   * @param suite of every key
   * @param token where the keys lie
   * @param signedImages with an image key besides the manifest's
   */
  record Builds(String suite, String token, boolean signedImages) {
    List<String> purposes() {
      return signedImages ? List.of("image", "manifest") : List.of("manifest");
    }
  }

  private ServiceLoad(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts a service on an empty directory, with products whose builds two keys sign. */
  static ServiceLoad start(Path launcher, Path data, Map<String, String> environment, Builds wanted)
      throws IOException, RejectedException {
    ProcessBuilder builder =
        new ProcessBuilder(launcher.toString(), "serve", "--data", data.toString(), "--port", "0");
    builder.environment().putAll(environment);
    builder.redirectError(data.resolveSibling("service.log").toFile());
    Process process = builder.start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String address = null;
    String password = null;
    while (address == null || password == null) {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("the service did not start: see service.log");
      }
      address = after(line, "listening on ", address);
      password = after(line, "(shown once): ", password);
    }
    Thread rest = new Thread(() -> out.lines().forEach(line -> {}), "service-output");
    rest.setDaemon(true);
    rest.start();
    ServiceLoad service =
        new ServiceLoad(
            process, Integer.parseInt(address.substring(address.lastIndexOf(':') + 1).strip()));
    service.prepare(password.strip(), wanted);
    return service;
  }

  private static @Nullable String after(String line, String mark, @Nullable String otherwise) {
    int at = line.indexOf(mark);
    return at < 0 ? otherwise : line.substring(at + mark.length());
  }

  private void prepare(String password, Builds wanted) throws IOException, RejectedException {
    try (Connection admin = new Connection()) {
      signIn(admin, "admin", password);
      String own = "a password of its own";
      admin.put(
          "/api/v1/users/admin/password",
          "{'current':'" + password + "','password':'" + own + "'}");
      signIn(admin, "admin", own);
      String made =
          admin
              .post(
                  "/api/v1/users",
                  "{'name':'bench','roles':['release-engineer','key-custodian','administrator']}")
              .string("oneTimePassword");
      signIn(admin, "bench", made);
      admin.put(
          "/api/v1/users/bench/password", "{'current':'" + made + "','password':'" + own + "'}");
      signIn(admin, "bench", own);
      for (String purpose : wanted.purposes()) {
        admin.post(
            "/api/v1/keys",
            "{'name':'"
                + purpose
                + "','purpose':'"
                + purpose
                + "','suite':'"
                + wanted.suite()
                + "','token':'"
                + wanted.token()
                + "'}");
        admin.post("/api/v1/keys/" + purpose + "/activate", "{}");
      }
      byte[] payload = new byte[64 * 1024];
      new Random(1).nextBytes(payload);
      admin.send("PUT", "/api/v1/payloads", "application/octet-stream", payload);
      for (int i = 0; i < CLIENTS; i++) {
        requestEnds.add(product(admin, "/api/v1/products/bench" + i, wanted, Digest.of(payload)));
      }
    }
  }

  /** A product of its own for each client: builds of one become newer, whoever comes first. */
  private static String product(Connection admin, String path, Builds wanted, Digest payload)
      throws IOException, RejectedException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    admin.post("/api/v1/products", "{'name':'" + name + "'}");
    admin.post(path + "/hardware", "{'id':'gw','revisions':['a']}");
    if (wanted.signedImages()) {
      admin.post(
          path + "/bootloaders",
          "{'id':'boot','hardware':'gw','anchors':[{'key':'image'}],'allowList':true,"
              + "'rollbackProtection':true,'updatable':false,'keyTlv':'keyhash',"
              + "'slotBytes':1048576}");
    }
    String profile =
        admin
            .post(
                path + "/profiles",
                "{'knows':['"
                    + wanted.suite()
                    + "','ed25519'],'manifest':{'rule':{'all':['manifest']}},"
                    + "'lineage':{'name':'main'},'minStrengthBits':112,"
                    + "'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                    + "'serverAnchors':['server'],'clientKey':'p-256'},"
                    + "'servers':['localhost'],'ports':[8443]}")
            .string("digest");
    return "','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],'format':'"
        + (wanted.signedImages() ? "mcuboot','imageKeys':['image']" : "opaque'")
        + ",'payload':'"
        + payload
        + "','manifestKeys':['manifest'],'profile':'"
        + profile
        + "'}";
  }

  private void signIn(Connection connection, String user, String password)
      throws IOException, RejectedException {
    token = "";
    token =
        connection
            .post("/api/v1/sessions", "{'user':'" + user + "','password':'" + password + "'}")
            .string("token");
  }

  /** Asks for builds for so long. */
  Figure measure(Duration time) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
    long begun = System.nanoTime();
    Duration before = cpu();
    long end = begun + time.toNanos();
    try {
      List<Future<Integer>> done = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int product = i;
        done.add(pool.submit(() -> client(product, end)));
      }
      int requests = 0;
      for (Future<Integer> one : done) {
        requests += one.get();
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      return new Figure(requests, seconds, cpu().minus(before));
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a client failed", e);
    } finally {
      pool.shutdownNow();
    }
  }

  private Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private int client(int product, long end) throws IOException, RejectedException {
    int requests = 0;
    try (Connection connection = new Connection()) {
      while (System.nanoTime() < end) {
        int build = builds.incrementAndGet();
        String version = "2." + (build >> 16) + "." + (build & 0xffff);
        Fields answer =
            connection.post(
                "/api/v1/products/bench" + product + "/requests",
                "{'version':'" + version + requestEnds.get(product));
        if (!answer.string("state").equals("ready")) {
          throw new IOException("not signed: " + answer.json());
        }
        requests++;
      }
    }
    return requests;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One connection that is kept for as long as the service keeps it. */
  @SuppressWarnings("NullAway.Init") // by connect()
  private final class Connection implements AutoCloseable {
    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private boolean over;

    Connection() throws IOException {
      connect();
    }

    private void connect() throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
      over = false;
    }

    Fields post(String path, String json) throws IOException, RejectedException {
      return send("POST", path, "application/json", json(json));
    }

    void put(String path, String json) throws IOException, RejectedException {
      send("PUT", path, "application/json", json(json));
    }

    private static byte[] json(String text) {
      return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    Fields send(String method, String path, String type, byte[] body)
        throws IOException, RejectedException {
      String head =
          method
              + " "
              + path
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
              + type
              + "\r\nContent-Length: "
              + body.length
              + (token.isEmpty() ? "" : "\r\nAuthorization: Bearer " + token)
              + "\r\n\r\n";
      if (over) {
        close();
        connect();
      }
      ByteArrayOutputStream message = new ByteArrayOutputStream(head.length() + body.length);
      message.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
      message.writeBytes(body);
      message.writeTo(out);
      out.flush();
      return answer(path);
    }

    private Fields answer(String path) throws IOException, RejectedException {
      String status = line();
      int length = -1;
      boolean chunked = false;
      for (String header = line(); !header.isEmpty(); header = line()) {
        String small = header.toLowerCase(Locale.ROOT);
        if (small.startsWith("content-length:")) {
          length = Integer.parseInt(small.substring(15).strip());
        }
        over |= small.equals("connection: close");
        chunked |= small.startsWith("transfer-encoding:");
      }
      byte[] body = chunked ? chunks() : in.readNBytes(Math.max(0, length));
      if (!status.startsWith("HTTP/1.1 2")) {
        throw new IOException(
            path + ": " + status + " " + new String(body, StandardCharsets.UTF_8));
      }
      if (body.length == 0) {
        return new Fields(Json.object().build(), "");
      }
      return JsonReader.readObject(body, MAX_ANSWER);
    }

    private byte[] chunks() throws IOException {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
        body.writeBytes(in.readNBytes(size));
        line();
      }
      line();
      return body.toByteArray();
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new IOException("the service has hung up");
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
