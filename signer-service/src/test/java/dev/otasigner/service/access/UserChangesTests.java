package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What it takes to give somebody rights, at a service that begins with one administrator. */
@OnBothDatabases
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class UserChangesTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private Admin first = Admin.anonymous(0);

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    registry.add("signer.access.four-eyes", () -> "true");
  }

  /** Each test begins with the administrator that the service began with. */
  @BeforeEach
  void oneAdministrator() {
    jdbc.sql("create table if not exists kept as select * from access_user where 1 = 0").update();
    jdbc.sql(
            "insert into access_user select * from kept"
                + " where name not in (select name from access_user)")
        .update();
    jdbc.sql("delete from access_proposal").update();
    jdbc.sql("delete from access_user where name <> 'admin'").update();
    first = Admin.anonymous(port).signInAnew("admin", printed.password());
    jdbc.sql("delete from kept").update();
    jdbc.sql("insert into kept select * from access_user").update();
  }

  private Admin signIn(String name, String oneTime) {
    return Admin.anonymous(port).signInAnew(name, oneTime);
  }

  private static Admin.Answer roles(Admin who, String name, String body) {
    return who.post("/api/v1/users/" + name + "/roles", "{" + body + "}");
  }

  private static Admin.Answer confirm(Admin who, Admin.Answer proposal) {
    return who.post("/api/v1/user-changes/" + proposal.string("id") + "/confirm", "{}");
  }

  @Test
  void nobodyGivesThemselvesARole() {
    roles(first, "admin", "'grant':['release-engineer']").expectProblem(403, "forbidden");
    first
        .post("/api/v1/api-keys", "{'name':'own','roles':['pipeline'],'days':1}")
        .expectProblem(403, "forbidden");
  }

  @Test
  void administratorOfOneProductGivesNobodyARole() {
    Admin ofCam = first.newUser(port, "cam-admin", "administrator@cam");
    ofCam
        .post("/api/v1/users", "{'name':'x','roles':['approver@cam']}")
        .expectProblem(403, "forbidden");
    roles(ofCam, "cam-admin", "'grant':['administrator']").expectProblem(403, "forbidden");
  }

  @Test
  void lastAdministratorStays() {
    Admin second = first.newUser(port, "second", "administrator,auditor");
    roles(second, "second", "'take':['administrator']").expect(200);
    roles(first, "admin", "'take':['administrator']").expectProblem(409, "conflict");
    first.delete("/api/v1/users/admin").expectProblem(409, "conflict");
    first.get("/api/v1/users").expect(200);
  }

  /** A second user of one's own making is nobody until somebody else has agreed. */
  @Test
  void newUserWaitsForASecondAdministrator() {
    Admin second = first.newUser(port, "second", "administrator");
    Admin.Answer waits =
        first.post("/api/v1/users", "{'name':'puppet','roles':['release-engineer']}").expect(202);
    assertThat(waits.text()).doesNotContain("oneTimePassword");
    assertThat(first.get("/api/v1/users").expect(200).text()).doesNotContain("puppet");
    confirm(first, waits).expectProblem(403, "forbidden");
    assertThat(second.get("/api/v1/user-changes").expect(200).text())
        .contains("puppet")
        .contains("user:admin");
    Admin.Answer done = confirm(second, waits).expect(200);
    signIn("puppet", done.string("oneTimePassword")).get("/api/v1/whoami").expect(200);
    confirm(second, waits).expectProblem(404, "not-found");
  }

  @Test
  void roleWaitsForASecondAdministratorWhoIsNotTheOneThatGainsByIt() {
    Admin second = first.newUser(port, "second", "administrator");
    Admin.Answer waits = roles(first, "second", "'grant':['key-custodian']").expect(202);
    confirm(second, waits).expectProblem(403, "forbidden");
    Admin.Answer third =
        first.post("/api/v1/users", "{'name':'third','roles':['administrator']}").expect(202);
    String oneTime = confirm(second, third).expect(200).string("oneTimePassword");
    Admin another = signIn("third", oneTime);
    confirm(another, waits).expect(200);
    confirm(another, waits).expectProblem(404, "not-found");
    assertThat(second.get("/api/v1/whoami").expect(200).text()).contains("key-custodian");
  }

  /** Else one administrator signs in as whomever it likes. */
  @Test
  void passwordOfAnotherWaitsForASecondAdministrator() {
    Admin engineer = first.newUser(port, "engineer", "release-engineer");
    Admin second = first.newUser(port, "second", "administrator");
    Admin.Answer waits =
        first
            .put("/api/v1/users/engineer/password", "{'password':'known to the administrator'}")
            .expect(202);
    engineer.get("/api/v1/whoami").expect(200);
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'engineer','password':'known to the administrator'}")
        .expectProblem(401, "wrong-credentials");
    String oneTime = confirm(second, waits).expect(200).string("oneTimePassword");
    engineer.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
    Admin.anonymous(port)
        .signIn("engineer", oneTime)
        .get("/api/v1/whoami")
        .expectProblem(403, "password-change-due");
  }

  /** Else one gets rid of the other pair of eyes first. */
  @Test
  void administratorIsRemovedByTwo() {
    Admin second = first.newUser(port, "second", "administrator,auditor");
    Admin.Answer waits = first.delete("/api/v1/users/second").expect(202);
    roles(first, "second", "'take':['administrator']").expect(202);
    second.get("/api/v1/users").expect(200);
    confirm(first, waits).expectProblem(403, "forbidden");
    confirm(second, waits).expect(200);
    second.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  /** A key of the same administrator is the same pair of eyes. */
  @Test
  void ownApiKeyIsNoSecondAdministrator() {
    Admin second = first.newUser(port, "second", "administrator");
    String name = "k" + Long.toHexString(System.nanoTime());
    String secret =
        second
            .post("/api/v1/api-keys", "{'name':'" + name + "','roles':['administrator'],'days':1}")
            .expect(201)
            .string("secret");
    Admin.Answer waits =
        second.post("/api/v1/users", "{'name':'puppet','roles':['approver']}").expect(202);
    confirm(second.withToken(secret), waits).expectProblem(403, "forbidden");
    roles(second.withToken(secret), "second", "'grant':['approver']")
        .expectProblem(403, "forbidden");
  }

  @Test
  void takingARoleWaitsForNobody() {
    first.newUser(port, "engineer", "release-engineer,auditor");
    first.newUser(port, "second", "administrator");
    roles(first, "engineer", "'take':['release-engineer']").expect(200);
    first.delete("/api/v1/users/engineer").expect(204);
  }

  @Test
  void whatIsDroppedCannotBeConfirmed() {
    Admin second = first.newUser(port, "second", "administrator");
    Admin.Answer waits =
        first.post("/api/v1/users", "{'name':'x','roles':['approver']}").expect(202);
    second.delete("/api/v1/user-changes/" + waits.string("id")).expect(204);
    second.delete("/api/v1/user-changes/" + waits.string("id")).expectProblem(404, "not-found");
    confirm(second, waits).expectProblem(404, "not-found");
  }

  /** Each has been let in when the other removes it; one of them comes first. */
  @Test
  void twoAdministratorsWhoConfirmEachOthersRemovalAtOnceLeaveOne() throws Exception {
    Admin second = first.newUser(port, "second", "administrator");
    Admin.Answer ofSecond = first.delete("/api/v1/users/second").expect(202);
    Admin.Answer ofFirst = second.delete("/api/v1/users/admin").expect(202);
    CyclicBarrier barrier = new CyclicBarrier(2);
    CompletableFuture<Integer> one =
        CompletableFuture.supplyAsync(() -> confirmAtOnce(barrier, first, ofFirst));
    CompletableFuture<Integer> other =
        CompletableFuture.supplyAsync(() -> confirmAtOnce(barrier, second, ofSecond));
    assertThat(List.of(one.get(), other.get())).filteredOn(status -> status == 200).hasSize(1);
    assertThat(
            jdbc.sql("select count(*) from access_user where roles = 'administrator'")
                .query(Integer.class)
                .single())
        .isEqualTo(1);
  }

  private static int confirmAtOnce(CyclicBarrier barrier, Admin who, Admin.Answer proposal) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return confirm(who, proposal).status();
  }
}
