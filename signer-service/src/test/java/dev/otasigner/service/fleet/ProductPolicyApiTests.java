package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.ServiceFixture;
import dev.otasigner.service.catalogue.Story;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A product's policy over HTTP, and where it decides besides signing. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class ProductPolicyApiTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private static Admin admin = Admin.anonymous(0);
  private static int count;
  private static boolean signedIn;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private Story story;

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
    story = new Story(admin, "q" + ++count);
  }

  @Test
  void aPolicyIsReplacedAsAWholeAndItsChangeIsRecorded() throws Exception {
    String path = story.base + "/policy";
    admin.put(path, "{'approvals':2,'maxCounterStep':4}").expect(200);
    assertThat(admin.get(path).expect(200).json().integer("approvals", 0, 9)).isEqualTo(2);
    admin.put(path, "{'formats':['mcuboot']}").expect(200);
    assertThat(admin.get(path).expect(200).text())
        .isEqualTo(
            "{\"evenMajorsOnly\":false,\"formats\":[\"mcuboot\"],\"maxCounterStep\":1,"
                + "\"timestampDays\":7}");
    assertThat(admin.get("/api/v1/audit/export").expect(200).text())
        .contains("policy.changed")
        .contains("\\\"approvals\\\":2");
  }

  @Test
  void aPolicyWithAnUnknownMemberChangesNothing() {
    String path = story.base + "/policy";
    String before = admin.get(path).expect(200).text();
    assertThat(admin.put(path, "{'aprovals':2}").expectProblem(400, "bad-request").text())
        .contains("aprovals");
    assertThat(admin.get(path).expect(200).text()).isEqualTo(before);
    admin.put("/api/v1/products/nobodys/policy", "{}").expectProblem(404, "not-found");
  }

  @Test
  void anOddMajorIsBuiltAndNeverReleasedToAStableChannel() {
    admin
        .put(
            story.base + "/policy",
            "{'evenMajorsOnly':true,'stableChannels':['stable'],'maxCounterStep':9}")
        .expect(200);
    story.build("35.1", story.legacyProfile(8443), "image", "manifest");
    assertThat(story.release("35.1", false).expectProblem(422, "refused").text())
        .contains("never released to channel stable");
    admin.post(story.base + "/channels", "{'name':'beta'}").expect(201);
    admin
        .post(story.base + "/releases", "{'channel':'beta','hardware':'gw','version':'35.1'}")
        .expect(201);
    story.build("36.1", story.legacyProfile(8443), "image", "manifest");
    story.release("36.1", false).expect(201);
  }
}
