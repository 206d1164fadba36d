package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.CeremonyTable.sign;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What people have signed is taken in, and the service ends in the middle of it. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class InterruptedCeremonyTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;
  @Autowired private Catalogue catalogue;
  @Autowired private ServiceFixture.StoppingMilestones milestones;
  @TempDir private Path directory;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private Story story;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private CeremonyTable table;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    signedIn = false;
  }

  @BeforeEach
  void aProduct() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    clock.reset();
    story = new Story(admin, "i" + ++count);
    table = new CeremonyTable(admin, story.product, "main", false);
  }

  private HttpCatalogue client(String device) throws Exception {
    return new HttpCatalogue(port, story.product, "main", false, directory.resolve(device));
  }

  @Test
  void aRootAfterATargetsRoleThatIsAnnouncedAlreadyIsWrittenWhenBothAreHandedInAgain()
      throws Exception {
    table.begin();
    client("old").refreshed(clock.instant());
    CeremonyFile next = sign(table.draft(table.root(2, 2, "anna", "ben", "dora")), "anna", "ben");
    CeremonyFile targets = sign(table.targetsDraft(Optional.of(next)), "anna", "ben");
    milestones.stopAt("catalogue.timestamp");
    table.handIn(next, targets).expect(500);
    catalogue.renew();
    assertThat(table.status().text())
        .contains("\"rootVersion\":1")
        .contains("\"targetsVersion\":2");
    assertThat(table.handIn(next, targets).expect(200).text())
        .contains("\"rootVersion\":2")
        .contains("\"targetsVersion\":2");
    client("old").refreshed(clock.instant());
    client("fresh").refreshed(clock.instant());
  }

  @Test
  void aFirstRootThatNoLineageCameOfIsReplacedByTheNextOne() throws Exception {
    milestones.stopAt("catalogue.root");
    table.handIn(sign(table.draft(table.root(1, 1, "anna")), "anna")).expect(500);
    assertThat(milestones.hasStopped()).isTrue();
    CeremonyFile other = sign(table.draft(table.root(1, 1, "dora")), "dora");
    table.handIn(other).expect(200);
    assertThat(table.inForce().published()).isEqualTo(other.published());
    table.handIn(sign(table.targetsDraft(Optional.empty()), "dora")).expect(200);
    client("fresh").refreshed(clock.instant());
  }

  @Test
  void anUnattendedLineageNeverBeginsWithARootThatPeopleHold() throws Exception {
    CeremonyFile first = sign(table.draft(table.root(1, 1, "anna")), "anna");
    milestones.stopAt("catalogue.root");
    table.handIn(first).expect(500);
    Answer refused = admin.post(story.base + "/lineages", "{'name':'main'}");
    assertThat(refused.expectProblem(409, "conflict").text()).contains("signer root publish");
    table.handIn(first).expect(200);
  }

  @Test
  void aFirstRootAndTargetsRoleThatWereInterruptedAreTakenInWhenHandedInAgain() throws Exception {
    CeremonyFile first = sign(table.draft(table.root(1, 1, "anna")), "anna");
    CeremonyFile targets = sign(table.emptyTargets(first), "anna");
    milestones.stopAt("catalogue.accepted");
    table.handIn(first, targets).expect(500);
    assertThat(milestones.hasStopped()).isTrue();
    assertThat(table.handIn(first, targets).expect(200).text())
        .contains("\"rootVersion\":1")
        .contains("\"targetsVersion\":1");
    client("fresh").refreshed(clock.instant());
  }
}
