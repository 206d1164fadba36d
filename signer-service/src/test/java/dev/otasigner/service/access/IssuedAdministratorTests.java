package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A service with one administrator of its own, and an issuer that may vouch for others. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class IssuedAdministratorTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    registry.add("signer.access.four-eyes", () -> "true");
    Map.of(
            "name", "corp",
            "issuer", "https://corp.example",
            "audience", "ota-signer",
            "jwks", "https://corp.example/jwks",
            "people[0].claims", "groups=administrators",
            "people[0].roles[0]", "administrator")
        .forEach((key, value) -> registry.add("signer.oidc.issuers[0]." + key, () -> value));
  }

  @Test
  void onlyAdministratorOfItsOwnAsksASecondOneOfAnIssuer() {
    Admin first = Admin.anonymous(port).signInAnew("admin", printed.password());
    first.post("/api/v1/users", "{'name':'puppet','roles':['release-engineer']}").expect(202);
    assertThat(first.get("/api/v1/users").expect(200).text()).doesNotContain("puppet");
  }
}
