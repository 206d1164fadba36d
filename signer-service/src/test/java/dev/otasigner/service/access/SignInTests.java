package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.ServiceTest;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ServiceTest
class SignInTests {
  private static final String GOOD = "correct horse battery";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private JdbcClient jdbc;

  private Admin admin = Admin.anonymous(0);
  private String name = "";
  private String oneTime = "";

  @BeforeEach
  void newUser() {
    admin = Admin.withEveryRole(port, printed.password());
    name = "p" + Long.toHexString(System.nanoTime());
    oneTime =
        admin
            .post("/api/v1/users", "{'name':'" + name + "','roles':['auditor']}")
            .expect(201)
            .string("oneTimePassword");
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  private Admin.Answer attempt(String user, String password) {
    return Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'" + user + "','password':'" + password + "'}");
  }

  private void changePassword() {
    change(Admin.anonymous(port).signIn(name, oneTime), oneTime, GOOD).expect(204);
  }

  private Admin.Answer change(Admin self, String current, String password) {
    return self.put(
        "/api/v1/users/" + name + "/password",
        "{'current':'" + current + "','password':'" + password + "'}");
  }

  /** The user, at work with a password that nobody else has seen. */
  private Admin self() {
    changePassword();
    return Admin.anonymous(port).signIn(name, GOOD);
  }

  @Test
  void oneTimePasswordIsOverOnceItIsChanged() throws Exception {
    assertThat(attempt(name, oneTime).expect(201).json().bool("passwordChangeDue")).isTrue();
    changePassword();
    assertThat(attempt(name, GOOD).expect(201).json().bool("passwordChangeDue")).isFalse();
    attempt(name, oneTime).expectProblem(401, "wrong-credentials");
  }

  @Test
  void sessionOfAOneTimePasswordDoesNothingButChangeIt() {
    Admin handedOut = Admin.anonymous(port).signIn(name, oneTime);
    for (String path : new String[] {"/api/v1/whoami", "/api/v1/audit", "/api/v1/users"}) {
      handedOut.get(path).expectProblem(403, "password-change-due");
    }
    handedOut
        .put("/api/v1/users/admin/password", "{'password':'" + GOOD + "'}")
        .expectProblem(403, "forbidden");
    change(handedOut, oneTime, GOOD).expect(204);
    Admin.anonymous(port).signIn(name, GOOD).get("/api/v1/audit").expect(200);
  }

  @Test
  void passwordSetByAnAdministratorIsAOneTimeOne() {
    Admin before = self();
    admin
        .put("/api/v1/users/" + name + "/password", "{'password':'seen by two people'}")
        .expect(204);
    before.get("/api/v1/audit").expectProblem(401, "unauthenticated");
    Admin.anonymous(port)
        .signIn(name, "seen by two people")
        .get("/api/v1/audit")
        .expectProblem(403, "password-change-due");
  }

  @Test
  void passwordThatAnAdministratorLeavesOpenIsMadeAndShown() {
    String made =
        admin
            .put("/api/v1/users/" + name + "/password", "{}")
            .expect(200)
            .string("oneTimePassword");
    assertThat(attempt(name, made).expect(201).text()).contains("\"passwordChangeDue\":true");
  }

  @Test
  void wrongPasswordAndUnknownUserAreToldAlike() {
    assertThat(told(name)).isEqualTo(told("nobody-here"));
  }

  /** But for the number of the call, which no other call has. */
  private String told(String user) {
    return attempt(user, "wrong")
        .expectProblem(401, "wrong-credentials")
        .text()
        .replaceAll("urn:ota:request:[0-9a-f-]+", "");
  }

  @Test
  void sixthAttemptInARowWaits() {
    for (int i = 0; i < Attempts.FREE; i++) {
      attempt(name, "wrong").expectProblem(401, "wrong-credentials");
    }
    attempt(name, oneTime).expectProblem(429, "too-many-attempts");
    clock.advance(Duration.ofSeconds(2));
    attempt(name, oneTime).expect(201);
  }

  /** Whoever has found a session has not found the password. */
  @Test
  void currentPasswordIsGuessedNoFasterThanAtSigningIn() {
    Admin self = self();
    for (int i = 0; i < Attempts.FREE; i++) {
      change(self, "wrong", GOOD + " staple").expectProblem(403, "forbidden");
    }
    change(self, GOOD, GOOD + " staple").expectProblem(429, "too-many-attempts");
    clock.advance(Duration.ofSeconds(2));
    change(self, GOOD, GOOD + " staple").expect(204);
  }

  @Test
  void wrongCurrentPasswordIsOnRecord() {
    change(self(), "wrong", GOOD + " staple").expectProblem(403, "forbidden");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text().lines())
        .anyMatch(
            line ->
                line.contains("session.denied")
                    && line.contains("\"actor\":\"user:" + name + "\""));
  }

  @Test
  void passwordChangedEndsEverySessionOfItsUser() {
    Admin self = self();
    change(self, GOOD, GOOD + " staple").expect(204);
    self.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void nobodyChangesAPasswordWithoutKnowingIt() {
    Admin self = Admin.anonymous(port).signIn(name, oneTime);
    self.put("/api/v1/users/" + name + "/password", "{'password':'" + GOOD + "'}")
        .expectProblem(403, "forbidden");
    self.put("/api/v1/users/admin/password", "{'password':'" + GOOD + "'}")
        .expectProblem(403, "forbidden");
  }

  @Test
  void shortPasswordIsNotTaken() {
    Admin.anonymous(port)
        .signIn(name, oneTime)
        .put(
            "/api/v1/users/" + name + "/password",
            "{'current':'" + oneTime + "','password':'too short'}")
        .expectProblem(400, "bad-request");
  }

  @Test
  void sessionEnds() {
    Admin self = self();
    self.get("/api/v1/whoami").expect(200);
    clock.advance(SignIn.SESSION.plusSeconds(1));
    self.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void closedSessionIsOver() {
    Admin self = self();
    self.delete("/api/v1/sessions/current").expect(204);
    self.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void deletedUserIsOutAtOnce() {
    Admin self = self();
    admin.delete("/api/v1/users/" + name).expect(204);
    self.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void apiKeyWorksUntilItsDaysAreOver() {
    Admin program = admin.withToken(apiKey("'roles':['pipeline'],'days':2"));
    program.get("/api/v1/whoami").expect(200);
    clock.advance(Duration.ofDays(3));
    program.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void apiKeyOfOneProductIsRefusedForAnother() {
    Admin program =
        admin.withToken(apiKey("'roles':['release-engineer'],'product':'mine','days':2"));
    admin.post("/api/v1/products", "{'name':'p-" + name.substring(4) + "'}").expect(201);
    program
        .get("/api/v1/products/p-" + name.substring(4) + "/channels")
        .expectProblem(403, "forbidden");
  }

  @Test
  void apiKeyOfOneProductAdministersNothingElse() {
    Admin program = admin.withToken(apiKey("'roles':['administrator'],'product':'mine','days':1"));
    program.get("/api/v1/users").expectProblem(403, "forbidden");
    program.post("/api/v1/products", "{'name':'other'}").expectProblem(403, "forbidden");
  }

  @Test
  void apiKeyDoesNoMoreThanItsMakerMayAtThatMoment() {
    Admin self = admin.newUser(port, "m-" + name, "auditor,release-engineer@mine");
    for (String more :
        new String[] {"key-custodian", "release-engineer", "release-engineer@another"}) {
      self.post(
              "/api/v1/api-keys",
              "{'name':'n-" + name + "','roles':['auditor','" + more + "'],'days':1}")
          .expectProblem(403, "forbidden");
    }
    String secret =
        self.post(
                "/api/v1/api-keys",
                "{'name':'m-" + name + "','roles':['auditor','pipeline@mine'],'days':1}")
            .expect(201)
            .string("secret");
    Admin program = admin.withToken(secret);
    program.get("/api/v1/audit").expect(200);
    admin.post("/api/v1/users/m-" + name + "/roles", "{'take':['auditor']}").expect(200);
    program.get("/api/v1/audit").expectProblem(403, "forbidden");
    program.get("/api/v1/whoami").expect(200);
    admin.delete("/api/v1/users/m-" + name).expect(204);
    program.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
    // A new user of the old name gets nothing of what the old one had.
    admin.newUser(port, "m-" + name, "auditor");
    program.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  /** Whoever resets a password believes it to be in other hands. */
  @Test
  void apiKeyRestsWhileItsMakersPasswordIsAOneTimeOne() {
    Admin self = admin.newUser(port, "r-" + name, "auditor");
    Admin program =
        admin.withToken(
            self.post("/api/v1/api-keys", "{'name':'r-" + name + "','roles':['auditor'],'days':1}")
                .expect(201)
                .string("secret"));
    program.get("/api/v1/audit").expect(200);
    String made =
        admin
            .put("/api/v1/users/r-" + name + "/password", "{}")
            .expect(200)
            .string("oneTimePassword");
    assertThat(program.get("/api/v1/audit").expectProblem(403, "forbidden").string("detail"))
        .isEqualTo(
            "API key r-%1$s rests: the password of r-%1$s, who made it, was handed out;"
                    .replace("%1$s", name)
                + " it works again once they have changed it");
    Admin.anonymous(port).signInAnew("r-" + name, made);
    program.get("/api/v1/audit").expect(200);
  }

  @Test
  void apiKeyWhoseMakersRolesWereTakenSaysSo() {
    Admin self = admin.newUser(port, "t-" + name, "auditor,pipeline");
    Admin program =
        admin.withToken(
            self.post("/api/v1/api-keys", "{'name':'t-" + name + "','roles':['pipeline'],'days':1}")
                .expect(201)
                .string("secret"));
    admin.post("/api/v1/users/t-" + name + "/roles", "{'take':['pipeline']}").expect(200);
    assertThat(program.get("/api/v1/requests").expectProblem(403, "forbidden").string("detail"))
        .startsWith("API key t-" + name + " rests: the roles it was made with were taken");
  }

  @Test
  void apiKeyMakesNoApiKey() {
    admin
        .withToken(apiKey("'roles':['pipeline'],'days':1"))
        .post("/api/v1/api-keys", "{'name':'q-" + name + "','roles':['pipeline'],'days':1}")
        .expectProblem(403, "forbidden");
  }

  @Test
  void otherPeoplesApiKeysAreNeitherShownNorWithdrawn() {
    apiKey("'roles':['pipeline'],'days':1");
    String id =
        admin.get("/api/v1/api-keys").expect(200).texts("id").stream().findFirst().orElseThrow();
    Admin other = admin.newUser(port, "o-" + name, "pipeline");
    assertThat(other.get("/api/v1/api-keys").expect(200).text()).isEqualTo("[]");
    other.delete("/api/v1/api-keys/" + id).expectProblem(404, "not-found");
    Admin auditor = admin.newUser(port, "a-" + name, "auditor");
    auditor.delete("/api/v1/api-keys/" + id).expectProblem(403, "forbidden");
  }

  @Test
  void rolesOfAUserChangeForTheSessionThatIsOpen() {
    Admin self = self();
    self.get("/api/v1/audit").expect(200);
    admin
        .post("/api/v1/users/" + name + "/roles", "{'grant':['release-engineer@mine']}")
        .expect(200);
    admin.post("/api/v1/users/" + name + "/roles", "{'take':['auditor']}").expect(200);
    self.get("/api/v1/audit").expectProblem(403, "forbidden");
    assertThat(self.get("/api/v1/whoami").expect(200).string("product")).isEqualTo("mine");
    self.get("/api/v1/products/another/channels").expectProblem(403, "forbidden");
    self.get("/api/v1/products/mine/channels").expectProblem(404, "not-found");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text())
        .contains("user.roles-granted")
        .contains("user.roles-taken");
  }

  @Test
  void whatIsNoRoleIsRefused() {
    for (String roles :
        new String[] {"'king'", "'auditor@'", "'auditor@Mine'", "'auditor@mine@mine'", ""}) {
      admin
          .post("/api/v1/users/" + name + "/roles", "{'grant':[" + roles + "]}")
          .expectProblem(400, "bad-request");
    }
    admin.post("/api/v1/users/" + name + "/roles", "{}").expectProblem(400, "bad-request");
    admin
        .post("/api/v1/users/" + name + "/roles", "{'take':['auditor']}")
        .expectProblem(409, "conflict");
  }

  private String apiKey(String rest) {
    return admin
        .post("/api/v1/api-keys", "{'name':'k-" + name + "'," + rest + "}")
        .expect(201)
        .string("secret");
  }

  @Test
  void databaseHoldsNoSecretInClear() {
    Admin self = Admin.anonymous(port).signIn(name, oneTime);
    String key = apiKey("'roles':['pipeline'],'days':2");
    StringBuilder everything = new StringBuilder();
    for (String table :
        new String[] {"access_user", "access_session", "access_api_key", "audit_leaf"}) {
      everything.append(jdbc.sql("select * from " + table).query().listOfRows());
    }
    assertThat(everything.toString())
        .contains(name)
        .doesNotContain(self.token())
        .doesNotContain(self.token().substring(4))
        .doesNotContain(key)
        .doesNotContain(oneTime)
        .doesNotContain(printed.password());
  }

  @Test
  void failedAndSuccessfulLoginsAreOnRecord() {
    clock.advance(Duration.ofMinutes(10)); // what others failed at is counted, not recorded
    attempt(name, "wrong").expectProblem(401, "wrong-credentials");
    attempt(name, oneTime).expect(201);
    String log = admin.get("/api/v1/audit?user=" + name).expect(200).text();
    assertThat(log).contains("session.opened");
    String whole = admin.get("/api/v1/audit/export").expect(200).text();
    assertThat(whole.lines())
        .anyMatch(line -> line.contains("session.denied") && line.contains("user:" + name));
  }

  @Test
  void refusalIsOnRecordWithWhoWasRefused() {
    Admin self = self();
    self.post("/api/v1/products", "{'name':'nope'}").expectProblem(403, "forbidden");
    assertThat(admin.get("/api/v1/audit?user=" + name).expect(200).text())
        .contains("call.refused")
        .contains("POST /api/v1/products");
  }

  /** It may be a password that was typed in the wrong place. */
  @Test
  void nameThatIsNoAccountIsNotWrittenDown() {
    clock.advance(Duration.ofMinutes(10)); // what others failed at is counted, not recorded
    String typed = "typed-in-the-wrong-place";
    attempt(typed, "wrong").expectProblem(401, "wrong-credentials");
    attempt(typed, "wrong").expectProblem(401, "wrong-credentials");
    String log = admin.get("/api/v1/audit/export").expect(200).text();
    assertThat(log).doesNotContain(typed);
    assertThat(
            log.lines()
                .filter(line -> line.contains("session.denied") && line.contains("unknown:"))
                .map(line -> line.replaceAll(".*\"subject\":\"(unknown:[0-9a-f]{8})\".*", "$1"))
                .collect(Collectors.groupingBy(word -> word, Collectors.counting())))
        .containsValue(2L);
  }
}
