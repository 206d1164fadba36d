package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What it takes to change a product's policy, at a service that begins with one administrator. */
@OnBothDatabases
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class PolicyChangesTests {
  private static final String STRICT = "{'approvals':2}";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;

  private static Admin first = Admin.anonymous(0);
  private static boolean signedIn;
  private static int count;
  private String product = "";
  private String base = "";

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    registry.add("signer.access.four-eyes", () -> "true");
    signedIn = false;
  }

  /** Each test has a product of its own, and begins with one administrator. */
  @BeforeEach
  void oneAdministrator() {
    if (!signedIn) {
      first = Admin.anonymous(port).signInAnew("admin", printed.password());
      signedIn = true;
    }
    jdbc.sql("delete from access_user where name <> 'admin'").update();
    product = "s" + ++count;
    base = "/api/v1/products/" + product;
    first.post("/api/v1/products", "{'name':'" + product + "'}").expect(201);
  }

  private Answer ask(Admin who, String policy) {
    return who.put(base + "/policy", policy);
  }

  private Answer confirm(Admin who, Answer waiting) {
    return who.post(base + "/policy-changes/" + waiting.string("id") + "/confirm", "{}");
  }

  private boolean isStrict() {
    return first.get(base + "/policy").expect(200).text().contains("approvals");
  }

  @Test
  void oneAdministratorChangesItAlone() {
    ask(first, STRICT).expect(200);
    assertThat(isStrict()).isTrue();
  }

  @Test
  void aPolicyWaitsForASecondAdministrator() {
    Admin second = first.newUser(port, "second", "administrator");
    Answer waiting = ask(first, STRICT).expect(202);
    assertThat(isStrict()).isFalse();
    confirm(first, waiting).expectProblem(403, "forbidden");
    assertThat(second.get(base + "/policy-changes").expect(200).text())
        .contains("\"proposedBy\":\"user:admin\"")
        .contains("\"approvals\":2");
    assertThat(confirm(second, waiting).expect(200).text()).contains("\"approvals\":2");
    assertThat(isStrict()).isTrue();
    confirm(second, waiting).expectProblem(404, "not-found");
    assertThat(first.get("/api/v1/audit/export").expect(200).text().lines())
        .filteredOn(line -> line.contains("\"policy.changed\"") && line.contains(product))
        .singleElement()
        .asString()
        .contains("user:second")
        .contains("\"proposedBy\":\"user:admin\"");
  }

  /** Whatever name they come under. */
  @Test
  void whoeverProposedItDoesNotConfirmItWithAnApiKey() {
    first.newUser(port, "second", "administrator");
    Answer waiting = ask(first, STRICT).expect(202);
    String secret =
        first
            .post(
                "/api/v1/api-keys",
                "{'name':'own-" + product + "','roles':['administrator'],'days':1}")
            .expect(201)
            .string("secret");
    confirm(first.withToken(secret), waiting).expectProblem(403, "forbidden");
    assertThat(isStrict()).isFalse();
  }

  /** What was confirmed is the difference that was seen. */
  @Test
  void aPolicyThatHasChangedSinceIsNotReplacedUnseen() {
    Admin second = first.newUser(port, "second", "administrator");
    Answer loose = ask(first, "{'maxCounterStep':9}").expect(202);
    Answer strict = ask(first, STRICT).expect(202);
    confirm(second, strict).expect(200);
    assertThat(confirm(second, loose).expectProblem(409, "conflict").text())
        .contains("propose it again");
    assertThat(isStrict()).isTrue();
  }

  @Test
  void whatIsDroppedIsNotConfirmed() {
    Admin second = first.newUser(port, "second", "administrator");
    Answer waiting = ask(first, STRICT).expect(202);
    String change = base + "/policy-changes/" + waiting.string("id");
    second.delete(change).expect(204);
    second.delete(change).expectProblem(404, "not-found");
    confirm(second, waiting).expectProblem(404, "not-found");
    assertThat(first.get("/api/v1/audit/export").expect(200).text())
        .contains("policy.change-proposed", "policy.change-dropped");
  }

  @Test
  void whatNobodyConfirmsLapses() {
    Admin second = first.newUser(port, "second", "administrator");
    Answer waiting = ask(first, STRICT).expect(202);
    jdbc.sql("update fleet_policy_proposal set expires = created").update();
    assertThat(second.get(base + "/policy-changes").expect(200).text()).isEqualTo("[]");
    confirm(second, waiting).expectProblem(404, "not-found");
  }

  @Test
  void whatSomebodyProposedWhoIsNoAdministratorAnyMoreIsGone() {
    Admin second = first.newUser(port, "second", "administrator,auditor");
    ask(second, STRICT).expect(202);
    second.post("/api/v1/users/second/roles", "{'take':['administrator']}").expect(200);
    assertThat(first.get(base + "/policy-changes").expect(200).text()).isEqualTo("[]");
  }

  @Test
  void administratorOfAnotherProductIsNotAsked() {
    Admin other = first.newUser(port, "other", "administrator@elsewhere");
    ask(first, STRICT).expect(200);
    Admin own = first.newUser(port, "own", "administrator@" + product);
    Answer waiting = ask(first, "{}").expect(202);
    confirm(other, waiting).expectProblem(403, "forbidden");
    assertThat(isStrict()).isTrue();
    confirm(own, waiting).expect(200);
    assertThat(isStrict()).isFalse();
  }

  @Test
  void proposalOfOneProductIsNotConfirmedAtAnother() {
    Admin own = first.newUser(port, "own", "administrator@" + product);
    first.newUser(port, "second", "administrator");
    String mine = base;
    base = "/api/v1/products/s" + ++count;
    first.post("/api/v1/products", "{'name':'s" + count + "'}").expect(201);
    Answer waiting = ask(first, STRICT).expect(202);
    own.post(mine + "/policy-changes/" + waiting.string("id") + "/confirm", "{}")
        .expectProblem(404, "not-found");
    assertThat(isStrict()).isFalse();
  }

  @Test
  void onlySoManyWait() {
    first.newUser(port, "second", "administrator");
    for (int i = 0; i < 20; i++) {
      ask(first, STRICT).expect(202);
    }
    ask(first, STRICT).expectProblem(409, "conflict");
  }
}
