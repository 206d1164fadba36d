package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Lists of devices that were made, or seen, before. */
@OnBothDatabases
@ServiceTest
class DeviceImportTests {
  private static final String MADE =
      "deviceId,hardware,revision,build,bootloader,channel,clockClass\n";
  private static final String SEEN = "deviceId,lastSeen,version,securityCounter,rootVersion\n";
  private static final String BOTH =
      "deviceId,hardware,revision,build,bootloader,channel,clockClass,lastSeen,version\n";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private MovingClock clock;
  @Autowired private CheckIns checkIns;
  @Autowired private JdbcClient jdbc;
  @Autowired private DeviceImport lists;

  private static Admin admin = Admin.anonymous(0);
  private static Digest profile = FleetFixture.MANIFEST;
  private static boolean prepared;
  private static int count;

  private String id = "";

  @BeforeEach
  void product() {
    if (!prepared) {
      admin = Admin.withEveryRole(port, printed.password());
      profile = FleetFixture.product(admin, factory, "old");
      admin.post("/api/v1/products/old/channels", "{'name':'beta'}").expect(201);
      prepared = true;
    }
    id = "dev" + ++count;
  }

  private static Answer csv(String list) {
    return admin.post("/api/v1/products/old/devices/import", list, "text/csv");
  }

  private static Answer json(String list) {
    return admin.post(
        "/api/v1/products/old/devices/import", list.replace('\'', '"'), "application/x-ndjson");
  }

  private String made() {
    return id + ",board,a,34.11,boot1,stable,rtc";
  }

  private static void counts(Answer answer, long added, long unchanged, long updated, long refused)
      throws Exception {
    answer.expect(200);
    assertThat(
            List.of(
                answer.json().integer("added", 0, Long.MAX_VALUE),
                answer.json().integer("unchanged", 0, Long.MAX_VALUE),
                answer.json().integer("updated", 0, Long.MAX_VALUE),
                answer.json().integer("refused", 0, Long.MAX_VALUE)))
        .as(answer.text())
        .containsExactly(added, unchanged, updated, refused);
  }

  /** The reason for which the one row was refused, which stands on line 2. */
  private static String refused(Answer answer) throws Exception {
    counts(answer, 0, 0, 0, 1);
    assertThat(answer.text()).contains("\"line\":2");
    return answer.texts("reason").get(0);
  }

  private Answer device() {
    return admin.get("/api/v1/products/old/devices/" + id).expect(200);
  }

  @Test
  void aDeviceOfAListStandsAsItLeftTheFactory() throws Exception {
    counts(csv(MADE + made() + "\n"), 1, 0, 0, 0);
    String other = id;
    id = "dev" + ++count;
    FleetFixture.manufacture(admin, "old", id);
    assertThat(device().text().replace(id, other))
        .isEqualTo(admin.get("/api/v1/products/old/devices/" + other).expect(200).text());
  }

  @Test
  void noSecretIsHandedOut() throws Exception {
    counts(csv(MADE + made() + "\n"), 1, 0, 0, 0);
    assertThat(
            jdbc.sql("select count(secret_sha256) from fleet_device where device_id = ?")
                .param(id)
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void theSameListAgainChangesNothing() throws Exception {
    String list = BOTH + made() + ",2026-02-01T00:00:00Z,34.11\n" + made() + ",,\n";
    counts(csv(list), 1, 1, 0, 0);
    String before = device().text();
    counts(csv(list), 0, 2, 0, 0);
    assertThat(device().text()).isEqualTo(before);
  }

  @Test
  void jsonSaysTheSameAsCsv() throws Exception {
    String object =
        "{'deviceId':'"
            + id
            + "','hardware':'board','revision':'a','build':'34.11','bootloader':'boot1',"
            + "'channel':'stable','clockClass':'rtc','lastSeen':'2026-02-01T00:00:00Z',"
            + "'version':'34.11','securityCounter':4,'rootVersion':2}";
    counts(json(object + "\n\n" + object + "\r\n"), 1, 1, 0, 0);
    counts(csv(BOTH + made() + ",2026-02-01T01:00:00+01:00,34.11"), 0, 1, 0, 0);
    counts(json("[" + object + ",\n" + object.replace(",", " ,\n ") + "]\n"), 0, 2, 0, 0);
    assertThat(device().text())
        .contains("\"securityCounter\":4", "\"rootVersion\":2", "2026-02-01T00:00:00Z");
  }

  @Test
  void fieldsMayBeQuotedAndColumnsInAnyOrder() throws Exception {
    counts(
        csv(
            "\uFEFF\"hardware\",deviceId,revision,build,bootloader,channel,clockClass\r\n"
                + "\"board\",\""
                + id
                + "\",a,\"34.11\",boot1,stable,rtc\r\n"),
        1,
        0,
        0,
        0);
    assertThat(refused(csv("deviceId,hardware\n" + id + ",\"bo\"\"ard,x\"")))
        .isEqualTo("hardware: bo\\");
  }

  @Test
  void everyRowThatIsWrongIsNamedAndKeepsNoOtherOut() throws Exception {
    String good = made();
    Answer answer =
        csv(
            MADE
                + "-bad-,board,a,34.11,boot1,stable,rtc\n"
                + id
                + "x,panel,a,34.11,boot1,stable,rtc\n"
                + id
                + "x,board,z,34.11,boot1,stable,rtc\n"
                + id
                + "x,board,a,1.0,boot1,stable,rtc\n"
                + id
                + "x,board,a,34.11,boot9,stable,rtc\n"
                + "\n"
                + id
                + "x,board,a,34.11,boot1,none,rtc\n"
                + id
                + "x,board,a,34.11,boot1,stable,sundial\n"
                + id
                + "x,board,a\n"
                + id
                + "x,\"board,a,34.11,boot1,stable,rtc\n"
                + id
                + "x,bo\"ard,a,34.11,boot1,stable,rtc\n"
                + id
                + "x,,a,34.11,boot1,stable,rtc\n"
                + id
                + "x,"
                + "y".repeat(9000)
                + ",a,34.11,boot1,stable,rtc\n"
                + good
                + "\n");
    counts(answer, 1, 0, 0, 12);
    assertThat(answer.texts("reason"))
        .zipSatisfy(
            List.of(
                "deviceId: 1 to 64",
                "hardware panel",
                "revision: board has a, b",
                "build 1.0.0+0",
                "bootloader boot9 for board",
                "channel none",
                "clockClass: rtc",
                "7 fields are expected, not 3",
                "quotes",
                "quotes",
                "hardware: missing",
                "longer than 8192 bytes"),
            (reason, expected) -> assertThat(reason).contains(expected));
    assertThat(answer.text())
        .contains("{\"line\":2,", "{\"line\":6,", "{\"line\":8,", "{\"line\":13,");
    admin.get("/api/v1/products/old/devices/" + id + "x").expect(404);
  }

  @Test
  void objectsThatAreWrongKeepNoOtherOut() throws Exception {
    counts(csv(MADE + made()), 1, 0, 0, 0);
    String row = "{'deviceId':'" + id + "'}";
    Answer lines = json("{'deviceId':\n5\n[]\n{'deviceId':'" + id + "','lastseen':1}\n" + row);
    counts(lines, 0, 1, 0, 4);
    Answer array =
        json("[5,\n{'deviceId':['" + id + "']},{'a':']'},'\\'',\n" + row + "}," + row + "] 1");
    counts(array, 0, 1, 0, 6);
    assertThat(array.text()).contains("{\"line\":1,", "{\"line\":2,", "text after the array");
    counts(json("[" + row + ",{'deviceId':"), 0, 1, 0, 1);
    counts(json("[ ]"), 0, 0, 0, 0);
    counts(json(""), 0, 0, 0, 0);
  }

  @Test
  void aRowThatContradictsTheFactoryIsRefused() throws Exception {
    counts(csv(MADE + made()), 1, 0, 0, 0);
    for (String[] other :
        new String[][] {
          {"revision", "b"}, {"build", "34.12"}, {"channel", "beta"}, {"clockClass", "none"}
        }) {
      assertThat(refused(csv("deviceId," + other[0] + "\n" + id + "," + other[1])))
          .startsWith(other[0] + ": ")
          .contains("contradicts");
    }
  }

  @Test
  void aNewerLastSeenCountsAndAnOlderOneDoesNot() throws Exception {
    counts(csv(MADE + made()), 1, 0, 0, 0);
    counts(csv(SEEN + id + ",2026-03-02T00:00:00Z,34.11,5,2"), 0, 0, 1, 0);
    counts(csv(SEEN + id + ",2026-03-01T00:00:00Z,34.11,9,9"), 0, 1, 0, 0);
    counts(csv(SEEN + id + ",2026-03-02T00:00:00Z,34.11,9,9"), 0, 1, 0, 0);
    assertThat(device().text())
        .contains("\"securityCounter\":5", "\"rootVersion\":2", "2026-03-02T00:00:00Z");
    counts(csv("deviceId,lastSeen,channel\n" + id + ",2026-03-03T00:00:00Z,beta"), 0, 0, 1, 0);
    assertThat(device().text())
        .contains("\"securityCounter\":5", "\"channel\":\"beta\"", "2026-03-03T00:00:00Z");
    // The list of manufactured devices, sent again, is no contradiction.
    counts(csv(MADE + made()), 0, 1, 0, 0);
    assertThat(device().text()).contains("\"channel\":\"beta\"");
  }

  @Test
  void whatWasSeenIsJudgedToo() throws Exception {
    counts(csv(MADE + made()), 1, 0, 0, 0);
    assertThat(refused(csv(SEEN + id + ",2099-01-01T00:00:00Z,,,"))).contains("still to come");
    assertThat(refused(csv(SEEN + id + ",1969-01-01T00:00:00Z,,,"))).contains("after 1970");
    assertThat(refused(csv(SEEN + id + ",yesterday,,,"))).contains("a time such as");
    assertThat(refused(csv(SEEN + id + ",2026-03-02T00:00:00Z,1.0,,"))).contains("build 1.0.0+0");
    assertThat(refused(csv(SEEN + id + ",2026-03-02T00:00:00Z,34.11,-1,")))
        .contains("securityCounter: an integer");
    assertThat(refused(csv(SEEN + id + ",2026-03-02T00:00:00Z,34.11,1,0")))
        .contains("rootVersion: an integer from 1");
    assertThat(refused(csv(SEEN + id + ",,34.11,,"))).contains("version: of which time");
    assertThat(refused(csv(SEEN + "who,2026-03-02T00:00:00Z,34.11,,")))
        .contains("hardware: missing");
    assertThat(refused(csv("deviceId,bootloader\n" + id + ",boot9"))).contains("bootloader boot9");
    assertThat(refused(csv("deviceId,channel\n" + id + ",none"))).contains("channel none");
  }

  @Test
  void aDeviceThatHasCheckedInIsBelievedOverEveryList() throws Exception {
    int enrol =
        FleetFixture.listener(
            admin,
            "import-enrol",
            "enrol",
            "'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-256'");
    int listener =
        FleetFixture.listener(
            admin,
            "import-device",
            "device",
            "'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-256'");
    TestDevice device = FleetFixture.enrolled(admin, enrol, "old", id, ClientKeyType.P_384);
    device.post(listener, "/device/v1/checkin", FleetFixture.checkIn(1, profile)).expect(200);
    String now = clock.instant().plusSeconds(-1).toString();
    for (int written = 0; written < 2; written++) {
      String before = device().text();
      counts(csv(SEEN + id + "," + now + ",34.11,9,9"), 0, 1, 0, 0);
      checkIns.flush();
      assertThat(device().text()).isEqualTo(before);
    }
  }

  @Test
  void aDryRunOnlyJudges() throws Exception {
    long records = audited();
    Answer judged =
        admin.post(
            "/api/v1/products/old/devices/import?dryRun=true", MADE + made() + "\nx\n", "text/csv");
    counts(judged, 1, 0, 0, 1);
    admin.get("/api/v1/products/old/devices/" + id).expect(404);
    assertThat(audited()).isEqualTo(records);
  }

  /** Of the whole log, which other tests have filled. */
  private List<String> records() {
    return jdbc.sql("select record from audit_leaf where record like ? order by position")
        .param("%\"devices.imported\"%")
        .query(String.class)
        .list();
  }

  private String newest() {
    List<String> records = records();
    return records.get(records.size() - 1);
  }

  private long audited() {
    return records().size();
  }

  @Test
  void aListIsOneRecordWithTheDigestOfWhatWasRead() throws Exception {
    String list = MADE + made() + "\n-\n";
    long records = audited();
    counts(csv(list), 1, 0, 0, 1);
    assertThat(audited()).isEqualTo(records + 1);
    assertThat(newest()).contains(Digest.of(list.getBytes(StandardCharsets.UTF_8)).hex());
  }

  @Test
  void devicesOfAListAreCountedInTheirCohort() throws Exception {
    admin.post("/api/v1/products/old/channels", "{'name':'" + id + "'}").expect(201);
    String cohorts = "/api/v1/products/old/cohorts?channel=" + id;
    counts(csv(MADE + made()), 1, 0, 0, 0);
    assertThat(admin.get(cohorts).expect(200).texts("first")).isEmpty();
    String seen = "deviceId,lastSeen,channel\n" + id + ",2026-03-03T00:00:00Z," + id;
    counts(csv(seen), 0, 0, 1, 0);
    assertThat(admin.get(cohorts).expect(200).texts("first")).containsExactly(id);
    assertThat(admin.get(cohorts).expect(200).texts("lastSeen"))
        .containsExactly("2026-03-03T00:00:00Z");
  }

  @Test
  void aListThatIsNoneIsRefusedWhole() {
    csv("").expectProblem(400, "bad-request");
    csv("hardware,revision\nboard,a").expectProblem(400, "bad-request");
    csv("deviceId,colour\nx,red").expectProblem(400, "bad-request");
    csv("deviceId,deviceId\nx,x").expectProblem(400, "bad-request");
    csv("deviceId,\"hardware\nx,x").expectProblem(400, "bad-request");
    String path = "/api/v1/products/old/devices/import";
    admin.post(path, MADE, "text/plain").expectProblem(415, "unsupported-media-type");
    admin.post(path, MADE, "text/csv;charset=utf-16").expectProblem(415, "unsupported-media-type");
    admin
        .post("/api/v1/products/none/devices/import", MADE, "text/csv")
        .expectProblem(404, "not-found");
  }

  @Test
  void onlyAdministratorsAndReleaseEngineersImport() {
    Admin pipeline = admin.newUser(port, "import-ci", "pipeline,auditor,approver,key-custodian");
    pipeline
        .post("/api/v1/products/old/devices/import", MADE, "text/csv")
        .expectProblem(403, "forbidden");
  }

  @Test
  void ofManyErrorsTheFirstHundredAreNamed() throws Exception {
    Answer answer = csv(MADE + "x\n".repeat(2500));
    counts(answer, 0, 0, 0, 2500);
    assertThat(answer.texts("reason")).hasSize(100);
    assertThat(answer.text()).contains("{\"line\":101,").doesNotContain("{\"line\":102,");
  }

  /** What is on record while the list still comes needs not be kept for its end. */
  @Test
  void fiftyThousandRowsAreTakenAsTheyCome() throws Exception {
    int rows = 50_000;
    List<Long> onRecord = new ArrayList<>();
    InputStream list =
        new Lines(
            IntStream.rangeClosed(0, rows)
                .mapToObj(
                    row -> {
                      if (row > 0 && row % 10_000 == 0) {
                        onRecord.add(onRecord());
                      }
                      return row == 0 ? MADE : "many" + row + ",board,a,34.11,boot1,stable,rtc\n";
                    })
                .iterator());
    String answer =
        new String(
            lists.take("old", ListedRows.Form.CSV, list, false).canonicalBytes(),
            StandardCharsets.UTF_8);
    assertThat(answer).contains("\"added\":50000", "\"refused\":0");
    assertThat(onRecord()).isEqualTo(rows);
    for (int i = 0; i < onRecord.size(); i++) {
      // A buffer of the reader, and a batch that is not full, may be on their way.
      assertThat(onRecord.get(i)).isGreaterThanOrEqualTo((i + 1) * 10_000L - 5_000);
    }
  }

  /** Lines that are made as they are read. */
  private static final class Lines extends InputStream {
    private final Iterator<String> lines;
    private InputStream line = InputStream.nullInputStream();

    Lines(Iterator<String> lines) {
      this.lines = lines;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int n = line.read(buffer, from, length);
      while (n < 0 && lines.hasNext()) {
        line = bytes(lines.next());
        n = line.read(buffer, from, length);
      }
      return n;
    }
  }

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  private long onRecord() {
    return jdbc.sql("select count(*) from fleet_device where device_id like 'many%'")
        .query(Long.class)
        .single();
  }

  @Test
  void whatWasTakenStaysWhenTheListBreaksOff() throws Exception {
    InputStream gone = InputStream.nullInputStream();
    gone.close();
    InputStream list =
        new SequenceInputStream(
            bytes(
                MADE
                    + made()
                    + "\n"
                    + IntStream.range(0, 2 * DeviceImport.BATCH)
                        .mapToObj(i -> "cut" + i + ",board,a,34.11,boot1,stable,rtc\n")
                        .collect(Collectors.joining())),
            gone);
    long records = audited();
    assertThatThrownBy(() -> lists.take("old", ListedRows.Form.CSV, list, false))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining("broke off after " + 2 * DeviceImport.BATCH);
    device();
    assertThat(audited()).isEqualTo(records + 1);
    assertThat(newest()).contains("\"whole\":\"false\"");
  }
}
