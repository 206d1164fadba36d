package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.CeremonyTable.sign;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** An unattended lineage is handed over to holders, by as many administrators as there are. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class HandOverTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;
  @TempDir private Path directory;

  private static Admin first = Admin.anonymous(0);
  private static boolean signedIn;
  private static int count;
  private String product = "";

  @SuppressWarnings("NullAway.Init") // by anUnattendedLineage()
  private CeremonyTable table;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    registry.add("signer.access.four-eyes", () -> "true");
    signedIn = false;
  }

  @BeforeEach
  void anUnattendedLineage() {
    if (!signedIn) {
      first = Admin.anonymous(port).signInAnew("admin", printed.password());
      signedIn = true;
    }
    jdbc.sql("delete from access_user where name <> 'admin'").update();
    product = "h" + ++count;
    String base = "/api/v1/products/" + product;
    first.post("/api/v1/products", "{'name':'" + product + "'}").expect(201);
    first.post(base + "/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    first.post(base + "/channels", "{'name':'stable'}").expect(201);
    first.post(base + "/lineages", "{'name':'main'}").expect(201);
    table = new CeremonyTable(first, product, "main", false);
  }

  private CeremonyFile root() throws RejectedException {
    return sign(table.draft(table.root(2, 2, "anna", "ben", "carol")), "anna", "ben");
  }

  private CeremonyFile targets(CeremonyFile root) throws RejectedException {
    return sign(table.targetsDraft(Optional.of(root)), "anna", "carol");
  }

  private HttpCatalogue client(String device) throws Exception {
    return new HttpCatalogue(port, product, "main", false, directory.resolve(device));
  }

  private boolean isHeld() {
    return table.status().text().contains("\"anna\",\"ben\",\"carol\"");
  }

  private Answer confirm(Admin who, Answer waiting) {
    return who.post(table.base + "/root-changes/" + waiting.string("id") + "/confirm", "{}");
  }

  @Test
  void oneAdministratorHandsALineageOverAlone() throws Exception {
    CeremonyFile root = root();
    table.handIn(root, targets(root)).expect(200);
    assertThat(isHeld()).isTrue();
    client("fresh").refreshed(Instant.now());
    // From here on the holders are enough.
    table
        .handIn(sign(table.draft(table.root(3, 2, "anna", "ben", "carol")), "ben", "carol"))
        .expect(200);
    client("fresh").refreshed(Instant.now());
  }

  @Test
  void aDeviceOfTheUnattendedLineageFollowsIntoTheHolders() throws Exception {
    first.post("/api/v1/products/" + product + "/channels", "{'name':'beta'}").expect(201);
    CeremonyFile root = root();
    HttpCatalogue old = client("old");
    table.handIn(root, targets(root)).expect(200);
    old.refreshed(Instant.now());
    assertThat(first.get("/api/v1/audit/export").expect(200).text().lines())
        .filteredOn(line -> line.contains("lineage.signed-by-holders") && line.contains(product))
        .hasSize(2)
        .first()
        .asString()
        .contains("\"handedOver\":\"true\"");
  }

  @Test
  void aHandOverWaitsForASecondAdministrator() throws Exception {
    Admin second = first.newUser(port, "second", "administrator");
    CeremonyFile root = root();
    Answer waiting = table.handIn(root, targets(root)).expect(202);
    assertThat(isHeld()).isFalse();
    assertThat(table.status().text()).contains("\"proposedBy\":\"user:admin\"");
    confirm(first, waiting).expectProblem(403, "forbidden");
    assertThat(isHeld()).isFalse();
    confirm(second, waiting).expect(200);
    assertThat(isHeld()).isTrue();
    confirm(second, waiting).expectProblem(404, "not-found");
    client("fresh").refreshed(Instant.now());
  }

  @Test
  void aHandOverThatWasTurnedDownIsGone() throws Exception {
    Admin second = first.newUser(port, "second", "administrator");
    CeremonyFile root = root();
    Answer waiting = table.handIn(root, targets(root)).expect(202);
    String path = table.base + "/root-changes/" + waiting.string("id");
    second.delete(path).expect(204);
    second.delete(path).expectProblem(404, "not-found");
    confirm(second, waiting).expectProblem(404, "not-found");
    assertThat(isHeld()).isFalse();
  }

  @Test
  void whatSomebodyProposedWhoIsNoAdministratorAnyMoreIsGone() throws Exception {
    Admin second = first.newUser(port, "second", "administrator,auditor");
    CeremonyFile root = root();
    table.as(second).handIn(root, targets(root)).expect(202);
    assertThat(table.status().text()).contains("user:second");
    second.post("/api/v1/users/second/roles", "{'take':['administrator']}").expect(200);
    assertThat(table.status().text()).contains("\"changes\":[]");
  }

  @Test
  void aKeyCustodianAloneHandsNothingOver() throws Exception {
    Admin custodian = first.newUser(port, "custodian", "key-custodian");
    CeremonyFile root = root();
    table.as(custodian).handIn(root, targets(root)).expectProblem(403, "forbidden");
    assertThat(isHeld()).isFalse();
  }

  @Test
  void aHandOverWithoutTheHoldersTargetsRoleIsRefused() throws Exception {
    assertThat(table.handIn(root()).expectProblem(422, "refused").text()).contains("targets");
    assertThat(isHeld()).isFalse();
  }

  @Test
  void aHandOverThatTooFewHoldersSignedIsRefused() throws Exception {
    CeremonyFile root = sign(table.draft(table.root(2, 2, "anna", "ben", "carol")), "anna");
    assertThat(table.handIn(root, targets(root)).expectProblem(422, "refused").text())
        .contains("keys of root version 2");
    assertThat(isHeld()).isFalse();
  }
}
