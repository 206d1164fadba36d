package dev.otasigner.service.fleet;

import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.annotation.Order;

/**
 * A service whose clock moves, whose console is read, and whose factory has one build a product.
 */
@TestConfiguration(proxyBeanMethods = false)
@Import(PrintedConsole.class)
public class FleetFixture {
  public static final Digest MANIFEST = Digest.of("manifest".getBytes(StandardCharsets.US_ASCII));

  @Bean
  @Primary
  MovingClock movingClock() {
    return new MovingClock();
  }

  @Bean
  @Order(0)
  Factory factory() {
    return new Factory();
  }

  /** Build 34.11.0+0 of every product, with the profile that was registered last. */
  public static final class Factory implements FactoryFiles {
    private final ConcurrentHashMap<String, Digest> profiles = new ConcurrentHashMap<>();

    private final ConcurrentHashMap<String, byte[]> images = new ConcurrentHashMap<>();

    /** Another image for the product's build. */
    public void image(String product, byte[] image) {
      images.put(product, image);
    }

    public void profile(String product, Digest profile) {
      profiles.put(product, profile);
    }

    @Override
    public Optional<Build> build(String product, ImageVersion version, String hardware) {
      return Optional.ofNullable(profiles.get(product))
          .filter(profile -> version.equals(new ImageVersion(34, 11, 0, 0)))
          .map(profile -> new Build(MANIFEST, profile, 3, Instant.parse("2026-01-01T00:00:00Z")));
    }

    @Override
    public Optional<ByteSource> file(
        String product,
        ImageVersion version,
        String hardware,
        Kind kind,
        Optional<Bootloader> bootloader) {
      return build(product, version, hardware)
          .map(
              b ->
                  ByteSource.of(
                      images.getOrDefault(
                          product, (kind + " of " + product).getBytes(StandardCharsets.US_ASCII))));
    }
  }

  /** A product with everything a device needs to be manufactured; returns the profile. */
  public static Digest product(Admin admin, Factory factory, String product) {
    String key = product + "-key";
    String keyId =
        admin
            .post(
                "/api/v1/keys",
                "{'name':'" + key + "','purpose':'image','suite':'rsa-pss-2048-sha256'}")
            .expect(201)
            .string("keyId");
    String manifestKey = product + "-manifest";
    admin
        .post(
            "/api/v1/keys", "{'name':'" + manifestKey + "','purpose':'manifest','suite':'ed25519'}")
        .expect(201);
    admin.post("/api/v1/products", "{'name':'" + product + "'}").expect(201);
    String base = "/api/v1/products/" + product;
    admin.post(base + "/hardware", "{'id':'board','revisions':['a','b']}").expect(201);
    admin.post(base + "/channels", "{'name':'stable'}").expect(201);
    admin
        .post(
            base + "/bootloaders",
            "{'id':'boot1','hardware':'board','anchors':[{'key':'"
                + keyId
                + "'}],'allowList':true,'rollbackProtection':true,'updatable':true,"
                + "'keyTlv':'keyhash','slotBytes':1048576}")
        .expect(201);
    String digest =
        admin.post(base + "/profiles", profile(manifestKey, 100)).expect(201).string("digest");
    factory.profile(product, new Digest(digest));
    return new Digest(digest);
  }

  public static String profile(String manifestKey, int port) {
    return profile(manifestKey, Integer.toString(port));
  }

  /** A profile that dials these ports, apart by commas. */
  public static String profile(String manifestKey, String ports) {
    return "{'knows':['ed25519','rsa-pss-2048-sha256'],'manifest':{'rule':{'all':['"
        + manifestKey
        + "']}},'lineage':{'name':'main'},'minStrengthBits':112,'tls':{'versions':['TLSv1.2'],'suites':"
        + "['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],'serverAnchors':['server'],"
        + "'clientKey':'rsa-2048'},'servers':['localhost'],'ports':["
        + ports
        + "]}";
  }

  /** A manufactured device's one-time secret. */
  public static String manufacture(Admin admin, String product, String deviceId) {
    return admin
        .post(
            "/api/v1/products/" + product + "/devices",
            "{'deviceId':'"
                + deviceId
                + "','hardware':'board','revision':'a','bootloader':'boot1','channel':'stable',"
                + "'clockClass':'rtc','build':'34.11'}")
        .expect(201)
        .string("secret");
  }

  /** Opens a listener of this TLS policy on a free port, which it returns. */
  public static int listener(Admin admin, String name, String kind, String tls) {
    int port = freePort();
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'" + name + "','port':" + port + ",'kind':'" + kind + "','tls':{" + tls + "}}")
        .expect(201);
    return port;
  }

  /** A device of the product that has enrolled. */
  public static TestDevice enrolled(
      Admin admin, int enrolPort, String product, String deviceId, ClientKeyType type)
      throws IOException {
    TestDevice device = new TestDevice(type);
    String secret = manufacture(admin, product, deviceId);
    device.install(
        device
            .post(enrolPort, "/device/v1/enrol", enrolment(product, deviceId, secret, device))
            .expect(201));
    return device;
  }

  public static Json enrolment(String product, String deviceId, String secret, TestDevice device) {
    return enrolment(product, deviceId).put("secret", secret).put("csr", device.csr()).build();
  }

  public static Json.Builder enrolment(String product, String deviceId) {
    return Json.object()
        .put("deviceId", deviceId)
        .put("product", product)
        .put("hardware", "board")
        .put("bootloaderId", "boot1")
        .put("channel", "stable")
        .put("clockClass", "rtc");
  }

  public static Json checkIn(long seq, Digest profile) {
    return report(seq, profile).build();
  }

  public static Json.Builder report(long seq, Digest profile) {
    return Json.object()
        .put("seq", seq)
        .put("version", "34.11.0+0")
        .put("manifest", MANIFEST)
        .put("profile", profile)
        .put("bootloaderId", "boot1")
        .put("securityCounter", 3)
        .put("lineage", "main")
        .put("rootVersion", 1)
        .put("channel", "stable")
        .put("clockClass", "rtc");
  }

  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
