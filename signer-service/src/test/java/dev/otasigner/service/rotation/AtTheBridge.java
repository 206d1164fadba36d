package dev.otasigner.service.rotation;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.ServiceFixture;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A product of two devices whose bridge to new keys, TLS and another lineage is offered. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
abstract class AtTheBridge {
  static final String NEXT_KEYS = "manifest,manifest-ed,manifest-pq";

  @LocalServerPort private int port;
  @Autowired Admin.Printed printed;
  @Autowired JdbcClient jdbc;

  static Admin admin = Admin.anonymous(0);
  static int legacyPort;
  static int modernPort;
  static int count;
  private static final Map<Integer, Prepared> SERVICES = new HashMap<>();

  /** A service that several classes share, and which it is for those in between. */
  private record Prepared(Admin admin, int legacyPort, int modernPort) {}

  @SuppressWarnings("NullAway.Init") // by aProduct()
  Story story;

  String legacy = "";
  String next = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    registry.add("signer.listeners.names", () -> "127.0.0.2");
  }

  /** Two devices on 34.11; a bridge to new anchors, a new rule and TLS 1.3 is ready. */
  @BeforeEach
  void aProductAtItsBridge() throws Exception {
    openDoors();
    atTheBridge();
  }

  /** Two listeners, and nobody on record. */
  void openDoors() throws IOException {
    Prepared known = SERVICES.get(port);
    admin = known == null ? Admin.withEveryRole(port, printed.password()) : known.admin();
    legacyPort = known == null ? freePort() : known.legacyPort();
    modernPort = known == null ? freePort() : known.modernPort();
    if (known == null) {
      open("legacy", legacyPort, "TLSv1.2", Story.CBC, "rsa-2048");
      open("modern", modernPort, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "p-384");
      SERVICES.put(port, new Prepared(admin, legacyPort, modernPort));
    }
    jdbc.sql("delete from fleet_device").update();
  }

  private void atTheBridge() {
    story = new Story(admin, "r" + ++count);
    legacy = story.legacyProfile(legacyPort);
    story.build("34.11", legacy, "image", "manifest");
    story.device("d1", "34.11");
    story.device("d2", "34.11");
    story.key("manifest-ed", "manifest", "ed25519");
    story.key("manifest-pq", "manifest", "ml-dsa-65");
    story.key("image-next", "image", "ed25519");
    story.bootloader("boot2", "image-next");
    next = story.nextProfile(modernPort, "manifest-ed", "manifest-pq");
    story.build("36.14", next, "image,image-next", NEXT_KEYS, ",'bootloader':{'id':'boot2'}");
    story.release("36.14", true).expect(201);
  }

  /** As if the device had installed the build and checked in. */
  void take(String device, String version) {
    Answer build = admin.get(story.base + "/builds/" + version).expect(200);
    jdbc.sql(
            "update fleet_device set cohort = null, version = ?, manifest = ?, profile = ?, bootloader = 'boot2',"
                + " lineage = 'hybrid' where product = ? and device_id = ?")
        .params(
            build.string("version"),
            build.string("manifest"),
            build.string("profile"),
            story.product,
            device)
        .update();
  }

  /** As if the device had installed a build that changes nothing but its profile. */
  void run(String device, String version) {
    Answer build = admin.get(story.base + "/builds/" + version).expect(200);
    jdbc.sql(
            "update fleet_device set cohort = null, version = ?, manifest = ?, profile = ? where"
                + " product = ? and device_id = ?")
        .params(
            build.string("version"),
            build.string("manifest"),
            build.string("profile"),
            story.product,
            device)
        .update();
  }

  Answer deactivate(String key) {
    String id = admin.get("/api/v1/keys/" + story.named(key)).expect(200).string("keyId");
    return admin.post("/api/v1/keys/" + id + "/deactivate", "{}");
  }

  int port() {
    return port;
  }

  String state(String key) {
    return admin.get("/api/v1/keys/" + story.named(key)).expect(200).string("state");
  }

  Fields impact(String kind, String... keys) {
    if (keys.length == 0) {
      return admin
          .post(story.base + "/rotation/impact", "{'closeListener':'" + kind + "'}")
          .expect(200)
          .json();
    }
    String names =
        String.join(
            ",", java.util.Arrays.stream(keys).map(k -> "'" + story.named(k) + "'").toList());
    return admin
        .post(story.base + "/rotation/impact", "{'" + kind + "':[" + names + "]}")
        .expect(200)
        .json();
  }

  static List<Fields> stranded(Fields impact) throws RejectedException {
    return impact.objects("cohorts", 100).stream().filter(AtTheBridge::isStranded).toList();
  }

  static boolean isStranded(Fields cohort) {
    try {
      return !cohort.bool("served");
    } catch (RejectedException e) {
      throw new AssertionError(e);
    }
  }

  static void open(String name, int number, String version, String suite, String key) {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'"
                + name
                + "','port':"
                + number
                + ",'kind':'device','tls':{'versions':['"
                + version
                + "'],'suites':['"
                + suite
                + "'],'serverKey':'"
                + key
                + "'}}")
        .expect(201);
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
