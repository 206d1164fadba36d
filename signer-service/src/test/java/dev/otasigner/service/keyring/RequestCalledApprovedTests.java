package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.Admin;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.FleetFixture;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Requests that wait for their approver, while somebody else writes to the database. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(FleetFixture.class)
class RequestCalledApprovedTests {
  private static Path worker = Path.of("");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Keyring keyring;
  @Autowired private JdbcTemplate database;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    worker = TemporaryData.register(registry).resolve("worker");
    ApprovingWorker.configure(worker, EnumSet.of(KeyPurpose.IMAGE, KeyPurpose.MANIFEST), "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"APPROVED", "INTENT_DURABLE", "SIGNED", "ACCEPTED"})
  void aRequestThatTheDatabaseCallsApprovedIsNotSigned(String state) throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    Story story = new Story(admin, "p" + UUID.randomUUID().toString().substring(0, 8));
    String profile = story.legacyProfile(8443);
    String again = ",'idempotencyKey':'once'";
    Admin.Answer request = story.request("34.12", profile, "image", "manifest", again).expect(202);
    assertThat(request.string("state")).isEqualTo("awaiting-approval");

    database.update(
        "update signing_request set state = ? where id = ?",
        state,
        UUID.fromString(request.string("id")));
    Admin.Answer pushed = story.request("34.12", profile, "image", "manifest", again);

    assertThat(pushed.text()).doesNotContain("\"state\":\"ready\"");
    assertThat(admin.get(story.base + "/builds").expect(200).text()).isEqualTo("{\"builds\":[]}");
    assertThat(SignedInJournal.of(worker))
        .doesNotContainKeys(
            keyring.byName(story.named("image")).keyId(),
            keyring.byName(story.named("manifest")).keyId());
  }
}
