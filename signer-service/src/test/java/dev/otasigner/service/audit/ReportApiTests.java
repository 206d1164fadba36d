package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.TestDatabase;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.listeners.TlsTrial;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.net.ServerSocket;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Reports tell what the service is and has done, and change when it does. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(FleetFixture.class)
class ReportApiTests {
  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private AuditLog audit;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void signIn() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
  }

  private static Answer report(String kind) {
    return admin.get("/api/v1/reports/" + kind).expect(200);
  }

  /** The rows of a section, each with its cells divided by bars. */
  private static List<String> rows(Answer report, String title) throws Exception {
    for (Fields section : report.json().objects("sections", 99)) {
      if (section.string("title").equals(title)) {
        List<String> rows = new ArrayList<>();
        for (Json row :
            ((Json.Arr) Objects.requireNonNull(section.members().get("rows"))).items()) {
          List<String> cells = new ArrayList<>();
          ((Json.Arr) row).items().forEach(c -> cells.add(((Json.Str) c).value()));
          rows.add(String.join("|", cells));
        }
        return rows;
      }
    }
    throw new NoSuchElementException(title + " in " + report.text());
  }

  @Test
  void accessTellsOfPeopleKeysAndWhatTheyDid() throws Exception {
    Answer made =
        admin.post("/api/v1/api-keys", "{'name':'ci','roles':['pipeline'],'days':3}").expect(201);
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'nobody-here','password':'a wrong password'}")
        .expect(401);
    Answer report = report("access");
    assertThat(rows(report, "Administrators")).anyMatch(row -> row.startsWith("admin|"));
    assertThat(rows(report, "Users and their rights"))
        .anyMatch(row -> row.contains("|") && row.contains("key-custodian"));
    assertThat(rows(report, "API keys")).anyMatch(row -> row.startsWith("ci|pipeline|all|user:"));
    assertThat(rows(report, "Sign-ins")).anyMatch(row -> row.startsWith("user:admin|"));
    assertThat(rows(report, "Refused sign-ins"))
        .anyMatch(row -> row.matches("unknown:[0-9a-f]{8}\\|1\\|.*"))
        .noneMatch(row -> row.contains("nobody-here"));
    assertThat(rows(report, "Actions")).anyMatch(row -> row.contains("|api-key.created|1"));
    assertThat(report.text())
        .contains("Argon2id")
        .doesNotContain(made.string("secret"), printed.password(), "$argon2");
  }

  @Test
  void accessCountsRefusalsThatAreNotOnRecordOneByOne() throws Exception {
    Instant first = Instant.parse("2026-11-23T10:00:00Z");
    String source = "nobody:192.0.2.77";
    for (RecordKind kind : List.of(RecordKind.SESSION_DENIED, RecordKind.CALL_REFUSED)) {
      for (int times : new int[] {490, 5}) {
        Refusals.Count count =
            new Refusals.Count(kind, source, times, first, first.plusSeconds(times), "user:x");
        audit.record(Actor.SYSTEM, "refusals.counted", source, count.details());
      }
    }
    Answer report = report("access");
    assertThat(rows(report, "Refused sign-ins"))
        .contains(source + "|495|2026-11-23T10:00:00Z|2026-11-23T10:00:05Z");
    assertThat(rows(report, "Actions"))
        .contains(source + "|call.refused|495")
        .noneMatch(row -> row.contains("refusals.counted"));
  }

  @Test
  void accessListsAdministratorsOfOneProductToo() throws Exception {
    admin.post("/api/v1/users", "{'name':'cam-admin','roles':['administrator@cam']}").expect(201);
    assertThat(rows(report("access"), "Administrators")).contains("cam-admin|administrator@cam");
  }

  @Test
  void accessNamesAdministratorsWhoHoldARoleThatSigns() {
    admin
        .post("/api/v1/users", "{'name':'both','roles':['administrator','release-engineer@cam']}")
        .expect(201);
    admin.post("/api/v1/users", "{'name':'only','roles':['administrator','auditor']}").expect(201);
    assertThat(report("access").text())
        .containsPattern("A role that does is also held by: [^.]*\\bboth\\b")
        .doesNotContainPattern("A role that does is also held by: [^.]*\\bonly\\b");
  }

  @Test
  void cryptoTellsOfKeysWithTheirStrengthsAndEnds() throws Exception {
    assertThat(rows(report("crypto"), "Keys")).noneMatch(row -> row.startsWith("reported|"));
    admin
        .post("/api/v1/keys", "{'name':'reported','purpose':'image','suite':'ecdsa-p256-sha256'}")
        .expect(201);
    admin.post("/api/v1/keys/reported/limit", "{'notAfter':'2031-01-01T00:00:00Z'}").expect(200);
    Answer report = report("crypto");
    assertThat(rows(report, "Keys"))
        .anyMatch(
            row ->
                row.startsWith("reported|image|ecdsa-p256-sha256|128|software|pre-activation|")
                    && row.endsWith("|0|2031-01-01T00:00:00Z"));
    assertThat(rows(report, "Signature suites"))
        .anyMatch(
            row ->
                row.startsWith("ecdsa-p256-sha256|128|no|")
                    && row.endsWith("2035-12-31T23:59:59Z|yes"))
        .anyMatch(row -> row.startsWith("ml-dsa-65|192|yes|-|-|"));
    admin.post("/api/v1/keys/reported/destroy", "{}").expect(200);
    assertThat(rows(report("crypto"), "Keys")).anyMatch(row -> row.contains("|destroyed|"));
  }

  @Test
  void networkTellsWhatListens() throws Exception {
    assertThat(rows(report("network"), "Listening"))
        .anyMatch(row -> row.startsWith("management|") && row.contains("|" + port + "|"));
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'told','port':"
                + freePort()
                + ",'kind':'device','tls':{'versions':['TLSv1.3'],"
                + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-256'}}")
        .expect(201);
    assertThat(rows(report("network"), "Listening"))
        .anyMatch(
            row ->
                row.startsWith("told|")
                    && row.contains("|TLSv1.3|TLS_AES_256_GCM_SHA384|those of the JVM"));
    assertThat(rows(report("crypto"), "Certificate authorities"))
        .anyMatch(row -> row.contains("OTA Signer"));
    admin.post("/api/v1/listeners/told/close", "{}").expect(200);
    assertThat(rows(report("network"), "Listening")).noneMatch(row -> row.startsWith("told|"));
    assertThat(rows(report("network"), "Data at rest"))
        .anyMatch(row -> row.matches("users.*\\|(db|postgresql://127.*/test\\d+)\\|[1-9]\\d+"));
    assertThat(rows(report("network"), "Connections to the database"))
        .hasSize(TestDatabase.isPostgres() ? 1 : 0);
  }

  /** Every version and suite that this JVM has, tried one by one, against what is told. */
  @Test
  void networkTellsWhatAListenerReallyAgreesOn() throws Exception {
    int device = freePort();
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'tried','port':"
                + device
                + ",'kind':'enrol','tls':{'versions':['TLSv1.2','TLSv1.3'],"
                + "'suites':['TLS_AES_128_GCM_SHA256',"
                + "'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],'serverKey':'p-256'}}")
        .expect(201);
    Set<String> agreed = TlsTrial.of("127.0.0.1", device);
    Answer report = report("network");
    String told =
        rows(report, "Listening").stream()
            .filter(row -> row.startsWith("tried|"))
            .findFirst()
            .orElseThrow();
    String[] cells = told.split("\\|", -1);
    assertThat(List.of(cells[5].split(", ", -1))).containsExactlyInAnyOrderElementsOf(agreed);
    assertThat(cells[4].split(", ", -1)).containsExactlyInAnyOrder("TLSv1.2", "TLSv1.3");
    assertThat(cells[2]).isEqualTo(Integer.toString(device));
    assertThat(rows(report, "TLS that was agreed on"))
        .contains("tried|TLSv1.3|TLS_AES_128_GCM_SHA256|x25519|1");
    admin.post("/api/v1/listeners/tried/close", "{}").expect(200);
  }

  @Test
  void networkTellsOfProxiesAndHowLongDataIsKept() throws Exception {
    Answer report = report("network");
    assertThat(rows(report, "Proxies"))
        .contains("server.forward-headers-strategy|none", "https.proxyHost|not set");
    assertThat(rows(report, "How long data is kept"))
        .contains(
            "unfinished uploads|1 d after the last byte",
            "sessions: a hash of the token|8 h from the sign-in; gone with the next",
            "changes of rights that wait|7 d unless confirmed earlier",
            "payloads and signed images|for ever: nothing removes it")
        .anyMatch(row -> row.startsWith("audit log: who did what"))
        .anyMatch(row -> row.startsWith("what a webhook is still to be told|until it has it"));
  }

  @Test
  void cryptoTellsTheStrengthOfAuthorities() throws Exception {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'strong','port':"
                + freePort()
                + ",'kind':'enrol','tls':{'versions':['TLSv1.3'],"
                + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'}}")
        .expect(201);
    assertThat(rows(report("crypto"), "Certificate authorities"))
        .anyMatch(row -> row.contains("|EC 384|192|"));
    admin.post("/api/v1/listeners/strong/close", "{}").expect(200);
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void aReportIsOfItsTimeOnly() throws Exception {
    Answer before =
        admin
            .get("/api/v1/reports/access?from=2001-01-01T00:00:00Z&to=2001-02-01T00:00:00Z")
            .expect(200);
    assertThat(rows(before, "Sign-ins")).isEmpty();
    assertThat(rows(before, "Actions")).isEmpty();
    assertThat(rows(before, "Administrators")).isNotEmpty();
  }

  @Test
  void whatIsNoReportOrNoTimeIsRefused() {
    admin.get("/api/v1/reports/weather").expectProblem(404, "not-found");
    admin.get("/api/v1/reports/access?from=yesterday").expectProblem(400, "bad-request");
    for (String bound : new String[] {"from", "to"}) {
      for (String year : new String[] {"%2B1000000000", "-1000000000"}) {
        admin
            .get("/api/v1/reports/access?" + bound + "=" + year + "-01-01T00:00:00Z")
            .expectProblem(400, "bad-request");
      }
    }
    admin.get("/api/v1/reports/access?to=0000-01-01T00:00:00Z").expect(200);
    admin
        .get("/api/v1/reports/access?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")
        .expectProblem(400, "bad-request");
  }

  @Test
  void thatSomebodyAskedIsInTheLog() {
    report("network");
    assertThat(admin.get("/api/v1/audit").expect(200).text()).contains("report.made");
  }
}
