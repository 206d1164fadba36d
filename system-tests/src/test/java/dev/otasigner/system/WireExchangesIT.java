package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.BOOTLOADER;
import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static dev.otasigner.system.RegisteredProduct.REVISION;
import static dev.otasigner.system.RegisteredProduct.TLS_SUITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.Enrolment;
import dev.otasigner.device.enrol.FactoryCertificate;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
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
import java.security.KeyPair;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the programs say to each other, kept as it passed: devices are enrolled at a service in a
 * process of its own, one by its secret and one by its factory's certificate; they take a build
 * whose profile wants another client key, renew and check in. docs/reference/wire-contracts.md has
 * to show each document in the same shape; with {@code -Dwire.write=true} the page is rewritten.
 */
class WireExchangesIT {
  private static final int MAX_BYTES = 4 << 20;
  private static final String DEVICE = "t-0001";
  private static final String BORN_DEVICE = "t-0002";
  private static final String FACTORY_BUILD = "34.10";

  @TempDir Path directory;

  private final Map<String, String> passed = new LinkedHashMap<>();
  private final Map<String, Example> made = new LinkedHashMap<>();

  @Test
  void thePageShowsWhatIsSaid() throws Exception {
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"))) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      int enrolPort = open(product, "enrol");
      int port = open(product, "device");
      String profile = product.addProfile("p-256", port);
      product.sign(FACTORY_BUILD, profile).requireDone();
      product.sign("34.12", product.addProfile("p-384", port)).requireDone();
      product.publish("34.12").requireDone();

      String secret = manufacture(product, DEVICE);
      enrol(product, enrolPort, DEVICE, new Credential.OneTimeSecret(secret), passed);
      update(DEVICE, passed);
      Map<String, String> ofBorn = new LinkedHashMap<>();
      manufacture(product, BORN_DEVICE);
      enrol(product, enrolPort, BORN_DEVICE, bornKey(product), ofBorn);
      update(BORN_DEVICE, ofBorn);
      put("enrol-request-by-factory", "POST /device/v1/enrol", ofBorn);
      Session session = new Session(service, product.administrator());
      examplesOfTheDevice();
      examplesOfTheService(session);
    }
    new WirePage("exchange").requireShows(made);
  }

  /** A listener of this kind, on a port that was free a moment ago. */
  private static int open(RegisteredProduct product, String kind) throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    product
        .administrator()
        .run(
            "listeners",
            "open",
            kind,
            "--kind",
            kind,
            "--port",
            Integer.toString(port),
            "--tls",
            "TLSv1.3",
            "--suite",
            TLS_SUITE,
            "--server-key",
            "p-384")
        .requireDone();
    return port;
  }

  /** A device on the manufactured list; returns its one-time secret. */
  private static String manufacture(RegisteredProduct product, String deviceId) throws Exception {
    return product
        .engineer()
        .run(
            "devices",
            "add",
            deviceId,
            "--json",
            "--product",
            PRODUCT,
            "--hardware",
            HARDWARE,
            "--revision",
            REVISION,
            "--bootloader",
            BOOTLOADER,
            "--channel",
            CHANNEL,
            "--build",
            FACTORY_BUILD)
        .requireDone()
        .json()
        .string("secret");
  }

  /** The key of a device whose factory the product knows. */
  private static Credential bornKey(RegisteredProduct product) throws IOException {
    FactoryAuthority factory = new FactoryAuthority();
    Operator administrator = product.administrator();
    Files.writeString(administrator.directory().resolve("plant-1.pem"), factory.pem());
    administrator
        .run("factories", "add", "plant-1", "--product", PRODUCT, "--certificate", "plant-1.pem")
        .requireDone();
    KeyPair born = FactoryAuthority.newKeys();
    return FactoryCertificate.read(
        factory.certify(BORN_DEVICE, born), FactoryAuthority.pkcs8(born));
  }

  private void enrol(
      RegisteredProduct product,
      int port,
      String deviceId,
      Credential credential,
      Map<String, String> said)
      throws Exception {
    TlsDialer dialer =
        new TlsDialer(
            TlsPolicy.ofFactory(serverAnchor(product.engineer())),
            Optional.empty(),
            Clock.systemUTC().instant(),
            true,
            Timeouts.DEFAULT);
    NewDevice device =
        new NewDevice(
            deviceId,
            PRODUCT,
            new DeviceState.Hardware(HARDWARE, REVISION),
            BOOTLOADER,
            ImageVersion.parseLenient(FACTORY_BUILD),
            CHANNEL,
            ClockClass.RTC);
    try (Uplink uplink =
        new Uplink(List.of(new Route("localhost", port)), dialer, Timeouts.DEFAULT)) {
      Enrolment.enrol(new RecordedServer(uplink, said), device, credential, flash(deviceId));
    }
  }

  private Path flash(String deviceId) {
    return directory.resolve(deviceId + ".flash");
  }

  /** The authority behind the enrolment listener's P-384 key. */
  static Digest serverAnchor(Operator engineer) throws RejectedException {
    Json keys = json(engineer.run("keys", "list", "--json").requireDone().out());
    for (Json item : ((Json.Arr) keys).items()) {
      Fields key = new Fields((Json.Obj) item, "");
      if (key.string("purpose").equals("server-tls")
          && key.string("suite").startsWith("ecdsa-p384")) {
        return key.digest("keyId");
      }
    }
    throw new AssertionError("the service has no P-384 authority for servers");
  }

  private void update(String deviceId, Map<String, String> said) throws IOException {
    try (Flash chip = Flash.open(flash(deviceId))) {
      UpdateOutcome outcome =
          new EmulatedDevice(
                  chip,
                  new DeviceClock(Clock.systemUTC()),
                  new RecordedServer.Dialling(new TlsDialling(Map.of(), Timeouts.DEFAULT), said),
                  (step, text) -> {})
              .update();
      assertThat(outcome).isInstanceOf(UpdateOutcome.Installed.class);
    }
  }

  private void examplesOfTheDevice() throws RejectedException {
    put("enrol-request", "POST /device/v1/enrol");
    put("enrol-answer", "201 /device/v1/enrol");
    put("renew-request", "POST /device/v1/renew");
    put("renew-answer", "201 /device/v1/renew");
    put("check-in-request", "POST /device/v1/checkin");
    put("check-in-answer", "200 /device/v1/checkin");
    put(
        "tuf-root",
        "GET /device/v1/factory/"
            + String.join("/", PRODUCT, FACTORY_BUILD + ".0+0", HARDWARE, "root")
            + "?bootloader="
            + BOOTLOADER);
    put("tuf-timestamp", "GET /" + PRODUCT + "/" + LINEAGE + "/metadata/timestamp.json");
  }

  private void put(String name, String what) throws RejectedException {
    put(name, what, passed);
  }

  private void put(String name, String what, Map<String, String> said) throws RejectedException {
    String document = said.get(what);
    assertThat(document).as("%s among %s", what, said.keySet()).isNotNull();
    made.put(name, Example.of(json(Objects.requireNonNull(document))));
  }

  private void examplesOfTheService(Session session) throws Exception {
    Json requests = json(session.get("/api/v1/products/" + PRODUCT + "/requests", 200));
    String id = new Fields((Json.Obj) requests, "").objects("requests", 500).get(0).string("id");
    Json.Obj request = (Json.Obj) json(session.get("/api/v1/requests/" + id, 200));
    Json document = Objects.requireNonNull(request.members().get("document"));
    assertThat(Digest.of(document.canonicalBytes()))
        .as("what is approved")
        .isEqualTo(new Fields(request, "").digest("digest"));
    made.put("request-document", Example.of(document));
    made.put(
        "problem",
        Example.of(
            json(session.post("/api/v1/products/" + PRODUCT + "/profiles", unfitProfile(), 422))));
    made.put("audit-checkpoint", Example.ofLines(session.get("/api/v1/audit/checkpoint", 200)));
    Json log = json(session.get("/api/v1/audit", 200));
    for (Fields entry : new Fields((Json.Obj) log, "").objects("records", 500)) {
      if (entry.string("action").equals("device.enrolled")) {
        made.put("audit-record", Example.of(entry.json()));
      }
    }
  }

  /** A profile that asks for stronger keys than it has. */
  private String unfitProfile() throws IOException {
    return Files.readString(directory.resolve("engineer/profile-p-384.json"))
        .replace("\"minStrengthBits\": 112", "\"minStrengthBits\": 256");
  }

  private static Json json(String text) throws RejectedException {
    return JsonReader.read(text.getBytes(StandardCharsets.UTF_8), MAX_BYTES);
  }

  /** What somebody who is signed in asks, without the command line between. */
  private record Session(ServiceProcess service, Operator who) {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    String get(String path, int expected) throws Exception {
      return send(at(path).GET(), expected);
    }

    String post(String path, String json, int expected) throws Exception {
      return send(
          at(path)
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(json, StandardCharsets.UTF_8)),
          expected);
    }

    private HttpRequest.Builder at(String path) throws Exception {
      Path session = who.directory().resolve("home/session.json");
      String token = new Fields((Json.Obj) json(Files.readString(session)), "").string("token");
      return HttpRequest.newBuilder(URI.create(service.address() + path))
          .header("Authorization", "Bearer " + token);
    }

    private static String send(HttpRequest.Builder request, int expected) throws Exception {
      HttpResponse<String> answer =
          CLIENT.send(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(expected);
      return answer.body();
    }
  }
}
