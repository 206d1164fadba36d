package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.PrintedConsole;
import dev.otasigner.service.TemporaryData;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** A service with one administrator of its own, and an issuer that may vouch for others. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(PrintedConsole.class)
class IssuedAdministratorTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Accounts accounts;
  @Autowired private Users users;
  @Autowired private People people;
  @Autowired private JdbcClient jdbc;

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
  void administratorOfOneProductAtAnIssuerIsAskedAboutThatProductOnly() {
    IssuedTokens ofOneProduct =
        new IssuedTokens() {
          @Override
          public Actor actor(Secret token, String address) {
            throw new UnsupportedOperationException();
          }

          @Override
          public List<List<String>> outbound() {
            return List.of();
          }

          @Override
          public List<List<String>> rules() {
            return List.of();
          }

          @Override
          public boolean mayGive(Role role) {
            return false;
          }

          @Override
          public boolean mayGive(Role role, String product) {
            return role == Role.ADMINISTRATOR && product.equals("cam");
          }
        };
    SecondAdministrator second =
        new SecondAdministrator(accounts, users, people, ofOneProduct, jdbc, true);
    assertThat(second.isNeeded("user:admin", "cam")).isTrue();
    assertThat(second.isNeeded("user:admin", "lock")).isFalse();
    assertThat(second.isNeeded("user:admin")).isFalse();
  }

  @Test
  void onlyAdministratorOfItsOwnAsksASecondOneOfAnIssuer() {
    Admin first = Admin.anonymous(port).signInAnew("admin", printed.password());
    first.post("/api/v1/users", "{'name':'puppet','roles':['release-engineer']}").expect(202);
    assertThat(first.get("/api/v1/users").expect(200).text()).doesNotContain("puppet");
  }
}
