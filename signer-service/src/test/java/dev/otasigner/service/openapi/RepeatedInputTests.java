package dev.otasigner.service.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.fleet.ForeignAuthority;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Every call that writes, made twice with the same body, answers as docs/reference says. */
@ServiceTest
class RepeatedInputTests {
  private static final Pattern ROW =
      Pattern.compile(
          "(?m)^\\| (POST|PUT|DELETE) \\| (\\S+) \\| ([a-z -]+) \\| (?:`(\\w+)` )?\\|$");
  private static final String PRODUCT = "/api/v1/products/{product}";
  private static final String RELEASE = PRODUCT + "/releases/{channel}/{hardware}/{version}/";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, String> measured = new TreeMap<>();
  private Admin admin = Admin.anonymous(0);

  /** What the page says of a second time, and the test class that shows it where this one can't. */
  private record Documented(String word, String shownBy) {}

  private static Map<String, Documented> page() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "reference", "http-api.md"));
    String section = page.substring(page.indexOf("## Asked twice"));
    Map<String, Documented> rows = new LinkedHashMap<>();
    Matcher row = ROW.matcher(section.substring(0, section.indexOf("\n## ", 1)));
    while (row.find()) {
      String shownBy = row.group(4) == null ? "" : row.group(4);
      rows.put(row.group(1) + " " + row.group(2), new Documented(row.group(3), shownBy));
    }
    return rows;
  }

  @Test
  void thePageSaysOfEveryCallThatWritesWhatASecondTimeGives() throws Exception {
    assertThat(page().keySet())
        .containsExactlyInAnyOrderElementsOf(
            Operations.all().stream()
                .map(Operation::endpoint)
                .filter(endpoint -> !endpoint.startsWith("GET "))
                .toList());
  }

  /** Devices, of tests before and of this one, that would keep a listener open. */
  @BeforeEach
  @AfterEach
  void nobodyIsOutThere() {
    jdbc.sql("delete from fleet_device").update();
  }

  @Test
  void aSecondTimeAnswersAsThePageSays() throws Exception {
    admin = Admin.withEveryRole(port, printed.password());
    users();
    keys();
    fleet();
    signing();
    rejected();
    catalogue();
    Map<String, String> said = new TreeMap<>();
    page()
        .forEach(
            (endpoint, documented) -> {
              if (documented.shownBy().isEmpty()) {
                said.put(endpoint, documented.word());
              } else {
                assertThat(measured).doesNotContainKey(endpoint);
              }
            });
    assertThat(measured).isEqualTo(said);
  }

  /** Calls twice. */
  private String twice(String endpoint, String path, String body) throws Exception {
    return twice(admin, endpoint, path, body, "application/json");
  }

  private String twice(Admin as, String endpoint, String path, String body, String type)
      throws Exception {
    HttpResponse<String> first = send(as, endpoint, path, body, type);
    HttpResponse<String> second = send(as, endpoint, path, body, type);
    measured.put(
        endpoint,
        first.statusCode() / 100 == 2
            ? word(endpoint, first, second)
            : "the first time: " + first.body());
    return first.body();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private HttpResponse<String> send(
      Admin as, String endpoint, String path, String body, String type) throws Exception {
    String method = endpoint.substring(0, endpoint.indexOf(' '));
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Authorization", "Bearer " + as.token())
            .header("Content-Type", type)
            .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String word(
      String endpoint, HttpResponse<String> first, HttpResponse<String> second) throws Exception {
    if (second.statusCode() / 100 == 2) {
      boolean same =
          second.statusCode() == first.statusCode()
              && timeless(second.body()).equals(timeless(first.body()));
      return same ? "the same" : "another";
    }
    String problem =
        JsonReader.readObject(second.body().getBytes(StandardCharsets.UTF_8), 1 << 20)
            .string("type");
    assertThat(second.statusCode()).as("%s: %s", endpoint, second.body()).isLessThan(500);
    return problem.substring("urn:ota:problem:".length());
  }

  /** When a thing was last changed is no part of what it is. */
  private static String timeless(String body) {
    return body.replaceAll("\"changed\":\"[^\"]*\"", "");
  }

  private static String member(String json, String name) throws Exception {
    return JsonReader.readObject(json.getBytes(StandardCharsets.UTF_8), 1 << 20).string(name);
  }

  private void users() throws Exception {
    String made =
        twice(
            "POST /api/v1/users",
            "/api/v1/users",
            "{'name':'rp-user','roles':['auditor','pipeline']}");
    Admin.anonymous(port).signInAnew("rp-user", member(made, "oneTimePassword"));
    twice(
        "POST /api/v1/sessions",
        "/api/v1/sessions",
        "{'user':'rp-user','password':'rp-user, known to nobody else'}");
    Admin leaving = Admin.anonymous(port).signIn("rp-user", "rp-user, known to nobody else");
    twice(
        leaving,
        "DELETE /api/v1/sessions/current",
        "/api/v1/sessions/current",
        "",
        "application/json");
    twice(
        "POST /api/v1/users/{name}/roles", "/api/v1/users/rp-user/roles", "{'grant':['approver']}");
    twice("PUT /api/v1/users/{name}/password", "/api/v1/users/rp-user/password", "{}");
    twice("DELETE /api/v1/users/{name}", "/api/v1/users/rp-user", "");
    String key =
        twice(
            "POST /api/v1/api-keys",
            "/api/v1/api-keys",
            "{'name':'rp-key','roles':['auditor'],'days':1}");
    String id = member(key, key.contains("\"id\"") ? "id" : "name");
    twice("DELETE /api/v1/api-keys/{id}", "/api/v1/api-keys/" + id, "");
    twice(
        "POST /api/v1/webhooks",
        "/api/v1/webhooks",
        "{'name':'rp-hook','url':'https://127.0.0.1:1/','events':['approval.waiting']}");
    twice("POST /api/v1/webhooks/{name}/test", "/api/v1/webhooks/rp-hook/test", "");
    twice("DELETE /api/v1/webhooks/{name}", "/api/v1/webhooks/rp-hook", "");
  }

  private void keys() throws Exception {
    twice(
        "POST /api/v1/keys",
        "/api/v1/keys",
        "{'name':'rp-one','purpose':'image','suite':'ecdsa-p256-sha256'}");
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    String pkcs8 =
        Base64.getEncoder().encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
    twice(
        "POST /api/v1/keys/import",
        "/api/v1/keys/import",
        "{'name':'rp-two','purpose':'image','suite':'ecdsa-p256-sha256','pkcs8':'" + pkcs8 + "'}");
    String key = "/api/v1/keys/rp-one/";
    twice("POST /api/v1/keys/{key}/limit", key + "limit", "{'quota':5}");
    for (String step : new String[] {"activate", "suspend"}) {
      twice("POST /api/v1/keys/{key}/" + step, key + step, "{}");
    }
    admin.post(key + "activate", "{}").expect(200);
    twice("POST /api/v1/keys/{key}/deactivate", key + "deactivate", "{}");
    twice("POST /api/v1/keys/{key}/compromise", "/api/v1/keys/rp-two/compromise", "{}");
    twice("POST /api/v1/keys/{key}/destroy", key + "destroy", "{}");
  }

  private void fleet() throws Exception {
    twice("POST /api/v1/products", "/api/v1/products", "{'name':'rp'}");
    String rp = "/api/v1/products/rp";
    twice("PUT " + PRODUCT + "/policy", rp + "/policy", "{'maxCounterStep':3}");
    twice("POST " + PRODUCT + "/hardware", rp + "/hardware", "{'id':'gw','revisions':['a']}");
    twice("POST " + PRODUCT + "/channels", rp + "/channels", "{'name':'stable'}");
    String certificate = new ForeignAuthority("factory").pem().replace("\n", "\\n");
    twice(
        "POST " + PRODUCT + "/factories",
        rp + "/factories",
        "{'name':'f1','certificate':'" + certificate + "'}");
    twice("POST " + PRODUCT + "/lineages", rp + "/lineages", "{'name':'main'}");
    twice(
        "POST " + PRODUCT + "/lineages/{lineage}/role-keys",
        rp + "/lineages/main/role-keys",
        "{'targets':true}");
    twice("POST " + PRODUCT + "/rotation/handshakes", rp + "/rotation/handshakes", "");
    twice("POST " + PRODUCT + "/rotation/impact", rp + "/rotation/impact", "{'retireKeys':[]}");
    twice(
        "POST /api/v1/listeners",
        "/api/v1/listeners",
        "{'name':'rp-l','kind':'enrol','port':"
            + freePort()
            + ",'tls':{'versions':['TLSv1.3'],"
            + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-256'}}");
    twice(
        "POST /api/v1/listeners/{name}/sunset",
        "/api/v1/listeners/rp-l/sunset",
        "{'sunset':'2099-01-01T00:00:00Z'}");
    twice(
        "POST /api/v1/listeners/{name}/close", "/api/v1/listeners/rp-l/close", "{'reason':'done'}");
    Story story = new Story(admin, "again");
    String base = story.base;
    rotation(base);
    twice(
        "POST " + PRODUCT + "/bootloaders",
        base + "/bootloaders",
        "{'id':'boot2','hardware':'gw','anchors':[{'key':'again-image'}],'allowList':true,"
            + "'rollbackProtection':true,'updatable':true,'keyTlv':'keyhash','slotBytes':1048576}");
    twice(
        "POST " + PRODUCT + "/profiles",
        base + "/profiles",
        "{'knows':['ecdsa-p256-sha256','ed25519','ml-dsa-65'],'manifest':{'rule':{'all':["
            + "'again-manifest']}},'lineage':{'name':'main'},'minStrengthBits':112,'tls':{"
            + "'versions':['TLSv1.2'],'suites':['"
            + Story.CBC
            + "'],'serverAnchors':['server'],'clientKey':'rsa-2048'},'servers':['localhost'],"
            + "'ports':[8443]}");
    story.build("34.11", story.legacyProfile(8443), "image", "manifest");
    twice(
        "POST " + PRODUCT + "/devices",
        base + "/devices",
        "{'deviceId':'d1','hardware':'gw','revision':'a','bootloader':'boot1','channel':'stable',"
            + "'clockClass':'rtc','build':'34.11'}");
    twice("POST " + PRODUCT + "/devices/{deviceId}/secret", base + "/devices/d1/secret", "");
  }

  private void rotation(String base) throws Exception {
    admin
        .post("/api/v1/keys", "{'name':'again-next','purpose':'image','suite':'ecdsa-p256-sha256'}")
        .expect(201);
    String keys = "{'oldKey':'again-image','newKey':'again-next'}";
    twice("POST " + PRODUCT + "/rotation/plan", base + "/rotation/plan", keys);
    String started = twice("POST " + PRODUCT + "/rotations", base + "/rotations", keys);
    String one =
        base
            + "/rotations/"
            + JsonReader.readObject(started.getBytes(StandardCharsets.UTF_8), 1 << 20)
                .integer("id", 1, Integer.MAX_VALUE);
    String endpoint = "POST " + PRODUCT + "/rotations/{rotation}";
    twice(endpoint + "/advance", one + "/advance", "{'step':'introduce'}");
    twice(endpoint + "/abort", one + "/abort", "{'reason':'no'}");
  }

  private void signing() throws Exception {
    Story story = new Story(admin, "rs");
    int dialled =
        FleetFixture.listener(
            admin,
            "rs-device",
            "device",
            "'versions':['TLSv1.2'],'suites':['" + Story.CBC + "'],'serverKey':'rsa-2048'");
    String profile = story.legacyProfile(dialled);
    String bytes = "bytes of a payload ".repeat(200);
    String octets = "application/octet-stream";
    String payloads = "/api/v1/payloads";
    twice(admin, "PUT /api/v1/payloads", payloads, bytes, octets);
    String digest = Digest.of(bytes.getBytes(StandardCharsets.UTF_8)).hex();
    twice(
        admin,
        "POST /api/v1/payloads",
        payloads,
        "--xx\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n"
            + bytes
            + "\r\n--xx--\r\n",
        "multipart/form-data; boundary=xx");
    twice(admin, "PUT /api/v1/payloads/{digest}", payloads + "/" + digest, bytes, octets);
    String other = Digest.of(new byte[] {1}).hex();
    client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + payloads + "/" + other))
            .header("Authorization", "Bearer " + admin.token())
            .header("Content-Range", "bytes 0-9/20")
            .PUT(HttpRequest.BodyPublishers.ofByteArray(new byte[10]))
            .build(),
        HttpResponse.BodyHandlers.ofString());
    twice("DELETE /api/v1/payloads/{digest}", payloads + "/" + other, "");
    twice(
        "POST " + PRODUCT + "/requests",
        story.base + "/requests",
        request("34.11", digest, profile));
    twice(
        "POST " + PRODUCT + "/requests/batch",
        story.base + "/requests/batch",
        "{'requests':[" + request("34.12", digest, profile) + "]}");
  }

  private static String request(String version, String payload, String profile) {
    return "{'version':'"
        + version
        + "','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],'format':'mcuboot',"
        + "'payload':'"
        + payload
        + "','imageKeys':['rs-image'],'manifestKeys':['rs-manifest'],'profile':'"
        + profile
        + "'}";
  }

  /** A request that waits for approvals no worker here asks for. */
  private void rejected() throws Exception {
    UUID id = UUID.randomUUID();
    jdbc.sql(
            "insert into signing_request (id, product, version, requester, state, spec, reasons,"
                + " attempts, created, changed, revision) select ?, 'rs', '1.0.0+0', requester,"
                + " 'AWAITING_APPROVAL', spec, '[]', 0, current_timestamp, current_timestamp, 0"
                + " from signing_request where product = 'rs' limit 1")
        .param(id)
        .update();
    twice(
        "POST /api/v1/requests/{id}/reject",
        "/api/v1/requests/" + id + "/reject",
        "{'reason':'no'}");
  }

  private void catalogue() throws Exception {
    String base = "/api/v1/products/rs";
    twice(
        "POST " + PRODUCT + "/releases",
        base + "/releases",
        "{'channel':'stable','hardware':'gw','version':'34.11'}");
    for (String step : new String[] {"pause", "resume", "withdraw", "resume", "stop"}) {
      twice("POST " + RELEASE + step, base + "/releases/stable/gw/34.11/" + step, "{}");
    }
    twice(
        "POST " + RELEASE + "devices/{list}",
        base + "/releases/stable/gw/34.11/devices/test",
        "{'set':[]}");
  }
}
