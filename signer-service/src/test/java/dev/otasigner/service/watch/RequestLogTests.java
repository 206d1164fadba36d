package dev.otasigner.service.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.problem.RawHttp;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;

/** A call is found in the log by its number, and no secret is. */
@ServiceTest
@ExtendWith(OutputCaptureExtension.class)
class RequestLogTests {
  private static final Pattern ID = Pattern.compile("(?m)^X-Request-Id: (\\S+)");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  @Test
  void callIsToldOnOneLineWithActorRouteAndStatus(CapturedOutput output) throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.get("/api/v1/keys/no-such-key?token=in-the-query").expect(404);
    assertThat(
            logged(
                output,
                "INFO +dev.otasigner.access \\[[0-9a-f-]{36}]: GET /api/v1/keys/\\{key} 404 \\d+ ms"
                    + " user:u"))
        .isTrue();
    assertThat(output).doesNotContain("in-the-query").doesNotContain("no-such-key");
  }

  @Test
  void answerAndProblemAndLogCarryTheSameNumber(CapturedOutput output) throws Exception {
    String answer = call("/api/v1/keys", "");
    Matcher id = ID.matcher(answer);
    assertThat(id.find()).as(answer).isTrue();
    assertThat(answer).contains("\"instance\":\"urn:ota:request:" + id.group(1) + "\"");
    assertThat(logged(output, "\\[" + id.group(1) + "]: GET - 401")).isTrue();
  }

  /** A call's line is written when it is over, which its client may know a moment earlier. */
  private static boolean logged(CapturedOutput output, String pattern) throws InterruptedException {
    Pattern line = Pattern.compile(pattern);
    for (int i = 0; i < 200 && !line.matcher(output.getAll()).find(); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return line.matcher(output.getAll()).find();
  }

  @Test
  void numberThatTheClientGivesIsKept() {
    assertThat(call("/api/v1/keys", "X-Request-Id: build-4711.a\r\n"))
        .contains("X-Request-Id: build-4711.a\r\n");
  }

  @Test
  void numberThatMayNotStandInALogIsReplaced(CapturedOutput output) {
    for (String hostile :
        List.of("short", "a".repeat(65), "with space 123", "<script>alert", "\u001b[31mred-red")) {
      String answer = call("/api/v1/keys", "X-Request-Id: " + hostile + "\r\n");
      assertThat(ID.matcher(answer).results().map(m -> m.group(1)).toList())
          .isNotEqualTo(List.of(hostile));
      assertThat(answer).doesNotContain(hostile + "\r\n");
      if (hostile.length() > 5) {
        assertThat(output).doesNotContain(hostile);
      }
    }
  }

  /** Through sign-ins, keys, uploads and refusals; each secret is then looked for everywhere. */
  @Test
  void noSecretIsInLogProblemOrAuditRecord(CapturedOutput output) {
    Admin admin = Admin.withEveryRole(port, printed.password());
    List<String> secrets = new ArrayList<>(List.of(admin.token()));
    StringBuilder problems = new StringBuilder();
    String password = "planted-password-7712";
    String jwt = "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjoiand0In0.cGxhbnRlZC1zaWduYXR1cmU";
    String pkcs8 =
        Base64.getEncoder()
            .encodeToString(
                "planted private key bytes".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    secrets.addAll(List.of(password, jwt, pkcs8, "otk_planted-api-key", "planted-pin-9911"));
    problems.append(
        admin.post("/api/v1/sessions", "{'user':'admin','password':'" + password + "'}").text());
    problems.append(
        admin.post("/api/v1/sessions", "{'user':7,'password':'" + password + "'}").text());
    problems.append(admin.post("/api/v1/sessions", "{'password':'" + password).text());
    problems.append(admin.withToken(jwt).get("/api/v1/keys").text());
    problems.append(admin.withToken("otk_planted-api-key").get("/api/v1/keys").text());
    problems.append(admin.get("/api/v1/keys?access_token=" + jwt).text().isEmpty());
    problems.append(
        admin
            .post(
                "/api/v1/keys/import",
                "{'name':'planted','purpose':'image','suite':'ed25519','pkcs8':'" + pkcs8 + "'}")
            .text());
    problems.append(
        admin
            .post(
                "/api/v1/keys/import",
                "{'name':'planted','purpose':'image','suite':'ed25519','token':'software',"
                    + "'uri':'pkcs11:token=a;object=b?pin-value=planted-pin-9911'}")
            .text());
    String name = "s" + Long.toHexString(System.nanoTime());
    secrets.add(
        admin
            .post("/api/v1/api-keys", "{'name':'" + name + "','roles':['auditor'],'days':1}")
            .expect(201)
            .string("secret"));
    secrets.add(
        admin
            .post("/api/v1/users", "{'name':'" + name + "','roles':['auditor']}")
            .expect(201)
            .string("oneTimePassword"));
    String records = admin.get("/api/v1/audit/export").text();
    for (String secret : secrets) {
      assertThat(output.getAll()).doesNotContain(secret);
      assertThat(problems).doesNotContain(secret);
      assertThat(records).doesNotContain(secret);
    }
  }

  @Test
  void nameOfAnyCharactersForgesNoLine(CapturedOutput output) {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.post("/api/v1/products", "{'name':'a\\nINFO forged: line\\u001b[31m\\u202egnol'}");
    admin.post("/api/v1/sessions", "{'user':'b\\r\\nINFO forged: line','password':'\\u202e'}");
    call("/api/v1/keys/%0aINFO%20forged:%20line", "");
    call("/api/v1/keys", "Authorization: Bearer \u001b[31mINFO forged: line\r\n");
    assertThat(output.getAll().lines())
        .noneMatch(line -> line.startsWith("INFO forged") || line.contains("\u001b[31m"))
        .noneMatch(line -> line.contains("\u202e"));
    assertThat(admin.get("/api/v1/audit/export").text())
        .doesNotContain("\u202e")
        .doesNotContain("\u001b");
  }

  private String call(String path, String headers) {
    return RawHttp.exchange(
        port, "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers + "\r\n");
  }
}
