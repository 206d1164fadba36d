package dev.otasigner.device.lab;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The signing service for a test: the shipped program in a process of its own, on a new directory
 * that goes with it, and a product that is ready to be released to.
 *
 * <p>The product is called {@value #PRODUCT}: hardware {@value #HARDWARE} of revision {@value
 * #REVISION}, channel {@value #CHANNEL}, bootloader {@value #BOOTLOADER} with slots of {@value
 * #SLOT_BYTES} bytes, image key on P-256, manifest key Ed25519, devices on TLS 1.3 with keys on
 * P-256, and the factory build {@value #FACTORY_BUILD}. For whatever else a test needs there are
 * {@link #post}, {@link #put} and {@link #get} with the service's own API.
 */
public final class ServiceUnderTest implements AutoCloseable {
  /** The system property that names the program: the launcher, or the service's jar. */
  public static final String PROGRAM = "otasigner.service";

  public static final String PRODUCT = "product";
  public static final String HARDWARE = "board";
  public static final String REVISION = "a";
  public static final String BOOTLOADER = "boot";
  public static final String CHANNEL = "stable";
  public static final String FACTORY_BUILD = "1.0.0";
  public static final long SLOT_BYTES = 128 * 1024;

  private static final String USER = "tester";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int STOP_SECONDS = 30;
  private static final int MAX_ANSWER = 16 << 20;
  private static final int PAYLOAD_BYTES = 16 * 1024;
  private static final int OK = 2;

  private final ServiceProgram program;
  private final Path directory;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final int enrolPort;
  private final int devicePort;
  private String token = "";
  private String profile = "";

  private ServiceUnderTest(ServiceProgram program, Path directory) throws IOException {
    this.program = program;
    this.directory = directory;
    this.enrolPort = freePort();
    this.devicePort = freePort();
  }

  /**
   * Starts the program that the property {@value #PROGRAM} names, or the service of the directory
   * in the environment's {@code SIGNER_PROGRAMS}, and makes the product.
   *
   * @throws IOException when it does not start, with what it has said, or does not do as it is told
   */
  public static ServiceUnderTest start() throws IOException {
    Path directory = Files.createTempDirectory("signer-test-");
    ServiceProgram program = null;
    try {
      Path data = directory.resolve("data");
      ProcessBuilder builder =
          new ProcessBuilder(
              command(data, System.getProperty(PROGRAM), System.getenv("SIGNER_PROGRAMS")));
      // One user of the test's does everything; who may do what is not what it tests.
      builder.environment().put("SIGNER_ACCESS_FOUR_EYES", "false");
      program = ServiceProgram.start(builder, directory.resolve("log"), true);
      ServiceUnderTest service = new ServiceUnderTest(program, directory);
      service.signIn();
      service.makeProduct();
      return service;
    } catch (IOException | RuntimeException e) {
      if (program != null) {
        program.process().destroyForcibly().onExit().join();
      }
      delete(directory);
      throw e;
    }
  }

  /** What starts it on this directory. */
  static List<String> command(Path data, @Nullable String named, @Nullable String programs)
      throws IOException {
    Path program =
        named != null
            ? Path.of(named)
            : programs == null ? Path.of("") : Path.of(programs, "service", "signer-service.jar");
    if (!Files.isRegularFile(program)) {
      throw new IOException(
          "no service to start at '"
              + program
              + "': set the system property "
              + PROGRAM
              + " to the launcher or to the service's jar, or SIGNER_PROGRAMS to the directory of"
              + " the built programs");
    }
    List<String> command = new ArrayList<>();
    if (program.toString().endsWith(".jar")) {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-jar"));
      command.add(program.toString());
    } else {
      command.addAll(List.of(program.toString(), "serve"));
    }
    command.addAll(List.of("--data", data.toString(), "--port", "0"));
    return command;
  }

  private void signIn() throws IOException {
    String given =
        program.password().orElseThrow(() -> new IOException("the service told no password"));
    open("admin", given);
    String made =
        text(
            post(
                "/api/v1/users",
                Json.object()
                    .put("name", USER)
                    .put(
                        "roles",
                        Json.strings(
                            List.of(
                                "release-engineer", "key-custodian", "administrator", "auditor")))
                    .build()),
            "oneTimePassword");
    open(USER, made);
  }

  /** Signs in for the first time: a one-time password is good for nothing but another one. */
  private void open(String user, String oneTime) throws IOException {
    String own = oneTime + ", changed";
    token = "";
    token = text(post("/api/v1/sessions", credentials(user, oneTime)), "token");
    put(
        "/api/v1/users/" + user + "/password",
        Json.object().put("current", oneTime).put("password", own).build());
    token = "";
    token = text(post("/api/v1/sessions", credentials(user, own)), "token");
  }

  private static Json.Obj credentials(String user, String password) {
    return Json.object().put("user", user).put("password", password).build();
  }

  private void makeProduct() throws IOException {
    post("/api/v1/products", Json.object().put("name", PRODUCT).build());
    post(
        path("hardware"),
        Json.object()
            .put("id", HARDWARE)
            .put("revisions", Json.strings(List.of(REVISION)))
            .build());
    post(path("channels"), Json.object().put("name", CHANNEL).build());
    makeKey("image", "image", "ecdsa-p256-sha256");
    makeKey("manifest", "manifest", "ed25519");
    post(
        path("bootloaders"),
        Json.object()
            .put("id", BOOTLOADER)
            .put("hardware", HARDWARE)
            .put("anchors", List.of(Json.object().put("key", "image").build()))
            .put("allowList", true)
            .put("rollbackProtection", true)
            .put("updatable", true)
            .put("keyTlv", "keyhash")
            .put("slotBytes", SLOT_BYTES)
            .build());
    openListener("enrol", enrolPort, Tls.MODERN);
    openListener("device", devicePort, Tls.MODERN);
    profile = addProfile(Tls.MODERN, devicePort, "manifest");
    sign(FACTORY_BUILD, profile, "manifest");
  }

  /**
   * Makes a key in the service's token, and lets it sign.
   *
   * @param purpose as of the wire contracts, such as {@code manifest}
   */
  public void makeKey(String name, String purpose, String suite) throws IOException {
    post(
        "/api/v1/keys",
        Json.object()
            .put("name", name)
            .put("purpose", purpose)
            .put("suite", suite)
            .put("token", "software")
            .build());
    post("/api/v1/keys/" + name + "/activate", Json.object().build());
  }

  private void openListener(String name, int port, Tls tls) throws IOException {
    post(
        "/api/v1/listeners",
        Json.object()
            .put("name", name)
            .put("kind", name.equals("enrol") ? "enrol" : "device")
            .put("port", port)
            .put(
                "tls",
                Json.object()
                    .put("versions", Json.strings(List.of(tls.version)))
                    .put("suites", Json.strings(List.of(tls.suite)))
                    .put("serverKey", tls.key)
                    .build())
            .build());
  }

  /** Opens one more listener for devices; returns its port on localhost. */
  public int openListener(String name, Tls tls) throws IOException {
    int port = freePort();
    openListener(name, port, tls);
    return port;
  }

  /**
   * How a listener and its devices speak TLS.
   *
   * @param key of the server and of devices: rsa-2048, p-256 or p-384
   */
  public record Tls(String version, String suite, String key) {
    /** What the product's devices begin with. */
    public static final Tls MODERN = new Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "p-256");

    /** What devices of another time spoke. */
    public static final Tls LEGACY =
        new Tls("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa-2048");
  }

  /**
   * Registers a profile in the product's lineage.
   *
   * @param port where its devices dial in, on localhost
   * @param manifestKeys any of them vouches for the next build
   * @return its digest
   */
  public String addProfile(Tls speaking, int port, String... manifestKeys) throws IOException {
    return addProfile(speaking, port, List.of("server"), manifestKeys);
  }

  /**
   * The same for devices that trust other servers too.
   *
   * @param serverAnchors digests of authorities' SPKI, and {@code server} for the service's own
   */
  public String addProfile(
      Tls speaking, int port, List<String> serverAnchors, String... manifestKeys)
      throws IOException {
    Json.Obj tls =
        Json.object()
            .put("versions", Json.strings(List.of(speaking.version)))
            .put("suites", Json.strings(List.of(speaking.suite)))
            .put("serverAnchors", Json.strings(serverAnchors))
            .put("clientKey", speaking.key)
            .build();
    Json.Obj rule = Json.object().put("any", Json.strings(List.of(manifestKeys))).build();
    return text(
        post(
            path("profiles"),
            Json.object()
                .put("knows", Json.strings(List.of("ed25519", "ecdsa-p256-sha256")))
                .put("manifest", Json.object().put("rule", rule).build())
                .put("lineage", Json.object().put("name", "main").build())
                .put("minStrengthBits", 112)
                .put("tls", tls)
                .put("servers", Json.strings(List.of("localhost")))
                .put("ports", List.of(new Json.Num(port)))
                .build()),
        "digest");
  }

  /**
   * Signs a build of this version for the product's hardware, with a payload of its own.
   *
   * @param brings digest of the profile that it brings
   * @throws IOException when the service refuses
   */
  public void sign(String version, String brings, String... manifestKeys) throws IOException {
    byte[] payload = new byte[PAYLOAD_BYTES];
    new Random(version.hashCode()).nextBytes(payload);
    sign(version, payload, brings, manifestKeys);
  }

  /** The same with this payload. */
  public void sign(String version, byte[] payload, String brings, String... manifestKeys)
      throws IOException {
    upload(payload);
    Json.Obj hardware =
        Json.object().put("id", HARDWARE).put("revisions", Json.strings(List.of(REVISION))).build();
    Fields request =
        post(
            path("requests"),
            Json.object()
                .put("version", version)
                .put("securityCounter", 1)
                .put("hardware", List.of(hardware))
                .put("format", "mcuboot")
                .put("payload", Digest.of(payload))
                .put("imageKeys", Json.strings(List.of("image")))
                .put("manifestKeys", Json.strings(List.of(manifestKeys)))
                .put("profile", brings)
                .build());
    if (!text(request, "state").equals("ready")) {
      throw new IOException(version + " is not signed: " + request.json());
    }
  }

  /** Releases a build that was signed to all devices of the channel. */
  public void publish(String version) throws IOException {
    publish(version, false);
  }

  /** The same as a bridge: for devices that cannot take what is newer. */
  public void publishBridge(String version) throws IOException {
    publish(version, true);
  }

  private void publish(String version, boolean bridge) throws IOException {
    post(
        path("releases"),
        Json.object()
            .put("channel", CHANNEL)
            .put("hardware", HARDWARE)
            .put("version", version)
            .put("bridge", bridge)
            .build());
  }

  /**
   * Signs a build of this version and releases it to all devices of the channel.
   *
   * @throws IOException when the service refuses, with its problem document
   */
  public void release(String version) throws IOException {
    sign(version, profile, "manifest");
    publish(version);
  }

  /**
   * A device of the product at its factory build, manufactured and enrolled, with a clock of its
   * own that is right.
   *
   * @param id of 1 to 64 of {@code [A-Za-z0-9._-]}, not used before
   */
  public LabDevice device(String id) throws IOException {
    String secret = manufacture(id, FACTORY_BUILD);
    try {
      return LabDevice.enrol(
          "localhost",
          enrolPort,
          serverAnchor("p-256"),
          new NewDevice(
              id,
              PRODUCT,
              new DeviceState.Hardware(HARDWARE, REVISION),
              BOOTLOADER,
              ImageVersion.parseLenient(FACTORY_BUILD),
              CHANNEL,
              ClockClass.RTC),
          new Credential.OneTimeSecret(secret),
          Clock.systemUTC(),
          Map.of());
    } catch (RejectedException e) {
      throw new IOException("the factory build does not fit: " + e.getMessage(), e);
    }
  }

  /**
   * Puts a device of the product on the manufactured list; returns its one-time secret.
   *
   * @param build what the factory writes into it
   */
  public String manufacture(String id, String build) throws IOException {
    return text(
        post(
            path("devices"),
            Json.object()
                .put("deviceId", id)
                .put("hardware", HARDWARE)
                .put("revision", REVISION)
                .put("bootloader", BOOTLOADER)
                .put("channel", CHANNEL)
                .put("clockClass", "rtc")
                .put("build", build)
                .build()),
        "secret");
  }

  /** The service's process. */
  public ProcessHandle process() {
    return program.process().toHandle();
  }

  /** The service's own directory, with its catalogue in {@code catalogue}. */
  public Path data() {
    return directory.resolve("data");
  }

  /** Where it is managed, such as {@code http://127.0.0.1:8080}. */
  public URI address() {
    return URI.create(program.address());
  }

  /** Where devices enrol, on localhost. */
  public int enrolPort() {
    return enrolPort;
  }

  /** Where enrolled devices dial in, on localhost. */
  public int devicePort() {
    return devicePort;
  }

  /** The digest of the profile that the product's builds have. */
  public String profile() {
    return profile;
  }

  /**
   * SHA-256 of the SPKI of the authority behind listeners with such a server key: what devices pin.
   *
   * @param serverKey rsa-2048, p-256 or p-384
   */
  public Digest serverAnchor(String serverKey) throws IOException {
    String suite = serverKey.startsWith("rsa") ? "rsa" : "ecdsa-p384";
    try {
      for (Json item : ((Json.Arr) get("/api/v1/keys")).items()) {
        Fields key = new Fields((Json.Obj) item, "");
        if (key.string("purpose").equals("server-tls") && key.string("suite").startsWith(suite)) {
          return key.digest("keyId");
        }
      }
    } catch (RejectedException e) {
      throw new IOException("the service's keys cannot be read", e);
    }
    throw new IOException("the service has no authority for " + serverKey);
  }

  /** Uploads a payload of the product, to be named by its digest. */
  public void upload(byte[] payload) throws IOException {
    send(
        "PUT",
        "/api/v1/payloads/" + Digest.of(payload).hex() + "?product=" + PRODUCT,
        "application/octet-stream",
        payload);
  }

  /**
   * Asks the management API, as a user who may do everything.
   *
   * @throws IOException for any answer but 2xx, with its problem document
   */
  public Json get(String path) throws IOException {
    return send("GET", path, "application/json", new byte[0]);
  }

  /** As {@link #get}; the answer has to be an object, or nothing. */
  public Fields post(String path, Json body) throws IOException {
    return new Fields((Json.Obj) send("POST", path, "application/json", body.canonicalBytes()), "");
  }

  /** As {@link #post}. */
  public Fields put(String path, Json body) throws IOException {
    return new Fields((Json.Obj) send("PUT", path, "application/json", body.canonicalBytes()), "");
  }

  private static String path(String what) {
    return "/api/v1/products/" + PRODUCT + "/" + what;
  }

  private Json send(String method, String path, String type, byte[] body) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(program.address() + path))
            .timeout(PATIENCE)
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofByteArray(body));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      HttpResponse<byte[]> answer = client.send(request.build(), BodyHandlers.ofByteArray());
      if (answer.statusCode() / 100 != OK) {
        throw new IOException(
            method
                + " "
                + path
                + ": "
                + answer.statusCode()
                + " "
                + new String(answer.body(), StandardCharsets.UTF_8));
      }
      return answer.body().length == 0
          ? Json.object().build()
          : JsonReader.read(answer.body(), MAX_ANSWER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(path);
    } catch (RejectedException e) {
      throw new IOException(path + ": the answer is no JSON", e);
    }
  }

  private static String text(Fields fields, String name) throws IOException {
    try {
      return fields.string(name);
    } catch (RejectedException e) {
      throw new IOException("the service's answer has no " + name, e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Ends the process, and deletes its directory. */
  @Override
  public void close() throws IOException {
    Process process = program.process();
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    delete(directory);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
