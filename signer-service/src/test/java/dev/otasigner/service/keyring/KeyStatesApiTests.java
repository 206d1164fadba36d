package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** States and limits of keys over HTTP; the worker's own file allows manifest keys five a day. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class KeyStatesApiTests {
  private static final Path TABLE = Path.of("..", "docs", "reference", "key-states.md");
  private static Path data = Path.of("");
  private static @org.jspecify.annotations.Nullable Admin everyRole;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private Admin admin = Admin.anonymous(0);

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    data = TemporaryData.register(registry);
    String unlimited = "{'purpose':'%','minApprovals':0}";
    String json =
        "{'schema':1,'approvers':[],'rules':[],'defaults':["
            + "{'purpose':'manifest','minApprovals':0,'quota':5},"
            + unlimited.replace("%", "audit")
            + ","
            + unlimited.replace("%", "device-ca")
            + ","
            + unlimited.replace("%", "server-tls")
            + "]}";
    try {
      Path worker = data.resolve("worker");
      DurableFile.createDirectories(worker);
      DurableFile.replace(
          worker.resolve("worker.json"), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @BeforeEach
  void signIn() {
    if (everyRole == null) {
      everyRole = Admin.withEveryRole(port, printed.password());
    }
    admin = everyRole;
  }

  private Admin.Answer create(String name, String limits) {
    return admin.post(
        "/api/v1/keys",
        "{'name':'" + name + "','purpose':'manifest','suite':'ed25519'" + limits + "}");
  }

  private static String path(String name, String step) {
    return "/api/v1/keys/" + name + "/" + step;
  }

  /** The call that asks for a state; there is none for the first one. */
  private static String step(KeyState to) {
    return switch (to) {
      case PRE_ACTIVATION -> "pre-activation";
      case ACTIVE -> "activate";
      case SUSPENDED -> "suspend";
      case DEACTIVATED -> "deactivate";
      case COMPROMISED -> "compromise";
      case DESTROYED -> "destroy";
    };
  }

  /** How a new key gets into a state. */
  private static List<String> way(KeyState from) {
    return switch (from) {
      case PRE_ACTIVATION -> List.of();
      case ACTIVE -> List.of("activate");
      case SUSPENDED -> List.of("activate", "suspend");
      case DEACTIVATED -> List.of("activate", "deactivate");
      case COMPROMISED -> List.of("compromise");
      case DESTROYED -> List.of("destroy");
    };
  }

  /** The pairs that the table allows, such as {@code active to suspended}. */
  private static Set<String> table() throws IOException {
    List<String[]> rows =
        Files.readAllLines(TABLE).stream()
            .map(line -> line.split(" *[|] *", -1))
            .filter(cells -> cells.length == 9)
            .toList();
    String[] head = rows.get(0);
    Set<String> allowed = new HashSet<>();
    Set<String> seen = new HashSet<>();
    for (String[] row : rows) {
      for (int i = 2; i < 8; i++) {
        boolean named = KeyState.ofCode(row[1]) != null && KeyState.ofCode(head[i]) != null;
        String pair = row[1] + " to " + head[i];
        if (named && seen.add(pair) && row[i].equals("yes")) {
          allowed.add(pair);
        }
      }
    }
    assertThat(seen).as("pairs in the table").hasSize(36);
    return allowed;
  }

  /** The last record of the audit log. */
  private String exported() {
    return admin.get("/api/v1/audit/export").expect(200).text().lines().reduce("", (a, b) -> b);
  }

  @Test
  void everyPairOfStatesIsAsTheTableHasIt() throws Exception {
    Set<String> table = table();
    int count = 0;
    for (KeyState from : KeyState.values()) {
      for (KeyState to : KeyState.values()) {
        String pair = from.code() + " to " + to.code();
        String name = "p" + ++count;
        create(name, "").expect(201);
        for (String step : way(from)) {
          admin.post(path(name, step), "").expect(200);
        }
        boolean legal = table.contains(pair);
        assertThat(from.mayBecome(to)).as(pair).isEqualTo(legal);
        if (to == KeyState.PRE_ACTIVATION) {
          assertThat(legal).as(pair).isFalse();
          assertThat(admin.post(path(name, step(to)), "").status()).isGreaterThan(399);
        } else if (legal) {
          admin.post(path(name, step(to)), "{'reason':'because'}").expect(200);
        } else {
          admin.post(path(name, step(to)), "").expectProblem(409, "key-not-usable");
        }
        Admin.Answer shown = admin.get("/api/v1/keys/" + name).expect(200);
        assertThat(shown.string("state")).as(pair).isEqualTo((legal ? to : from).code());
        if (legal) {
          var last = shown.json().objects("states", 9);
          assertThat(last.get(last.size() - 1).string("reason")).isEqualTo("because");
          assertThat(last.get(last.size() - 1).time("at")).isNotNull();
          assertThat(last.get(last.size() - 1).string("actor")).isNotEmpty();
          assertThat(exported()).contains("\"key." + to.code() + "\"", "\"key:" + name + "\"");
        }
      }
    }
  }

  @Test
  void destroyingErasesTheSealedFileAndTheRule() throws Exception {
    String keyId = create("gone", "").expect(201).string("keyId");
    Path sealed = data.resolve("token").resolve(keyId + ".seal");
    assertThat(sealed).exists();
    admin.post(path("gone", "destroy"), "").expect(200);
    assertThat(sealed).doesNotExist();
    assertThat(Files.readString(data.resolve("worker/worker.json"))).doesNotContain(keyId);
  }

  @Test
  void limitsAndWhatIsLeftAreShown() throws Exception {
    create("shown", ",'notBefore':'2030-01-01T00:00:00Z','quota':3").expect(201);
    assertThat(
            admin
                .get("/api/v1/keys/shown")
                .expect(200)
                .json()
                .object("limits")
                .json()
                .canonicalBytes())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"minApprovals\":0,\"notBefore\":\"2030-01-01T00:00:00Z\",\"quota\":3,"
                + "\"remaining\":3}");
  }

  @Test
  void aWiderWishMakesNoKey() {
    Admin.Answer refused = create("wide", ",'quota':6").expectProblem(409, "key-not-usable");
    assertThat(refused.string("code")).isEqualTo("limit-wider");
    admin.get("/api/v1/keys/wide").expect(404);
  }

  @Test
  void timesThatDoNotFollowEachOtherAreRefused() {
    create("upside", ",'notBefore':'2030-01-02T00:00:00Z','notAfter':'2030-01-01T00:00:00Z'")
        .expectProblem(400, "bad-request");
  }

  @Test
  void aLimitWithoutAnythingIsRefused() {
    create("nothing", "").expect(201);
    admin.post(path("nothing", "limit"), "{}").expectProblem(400, "bad-request");
  }

  /** With every role there is, by every way there is. */
  @Test
  void anAdministratorsApiKeyCannotWidenARule() throws Exception {
    String keyId =
        create("narrow", ",'quota':2,'notAfter':'2031-01-01T00:00:00Z'")
            .expect(201)
            .string("keyId");
    String secret =
        admin
            .post(
                "/api/v1/api-keys",
                "{'name':'thief','days':1,'roles':['administrator','release-engineer',"
                    + "'key-custodian','auditor','approver','pipeline']}")
            .expect(201)
            .string("secret");
    Admin thief = admin.withToken(secret);
    Path file = data.resolve("worker/worker.json");
    String before = Files.readString(file);
    assertThat(before).contains(keyId);
    for (String wish :
        List.of("{'quota':3}", "{'notAfter':'2031-01-02T00:00:00Z'}", "{'quota':1000000}")) {
      Admin.Answer refused = thief.post(path("narrow", "limit"), wish);
      assertThat(refused.expectProblem(409, "key-not-usable").string("code"))
          .isEqualTo("limit-wider");
    }
    for (String path : List.of("/api/v1/keys/narrow", path("narrow", "limit"))) {
      assertThat(thief.put(path, "{'quota':3}").status()).isGreaterThan(399);
      assertThat(thief.delete(path).status()).isGreaterThan(399);
    }
    assertThat(Files.readString(file)).isEqualTo(before);
    thief.post(path("narrow", "limit"), "{'quota':1}").expect(200);
    thief.post(path("narrow", "limit"), "{'quota':2}").expectProblem(409, "key-not-usable");
  }
}
