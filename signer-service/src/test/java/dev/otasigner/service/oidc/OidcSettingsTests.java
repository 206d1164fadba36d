package dev.otasigner.service.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ConfigurationRefused;
import dev.otasigner.service.access.IssuedTokens;
import dev.otasigner.service.access.Role;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class OidcSettingsTests {
  private static final String AT = "signer.oidc.issuers[0].";
  private final Map<String, Object> properties =
      new HashMap<>(
          Map.of(
              AT + "name", "forge",
              AT + "issuer", "https://forge.example",
              AT + "audience", "ota-signer",
              AT + "jwks", "https://forge.example/jwks",
              AT + "pipelines[0].claims[0]", "repository=acme/cam",
              AT + "pipelines[0].claims[1]", "environment=release",
              AT + "pipelines[0].product", "cam"));

  private IssuedTokens start() {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("test", properties));
    return OidcConfiguration.issuedTokens(environment, event -> {}, Clock.systemUTC());
  }

  private void refused(String key, Object value, String why) {
    Object before = properties.put(AT + key, value);
    assertThatThrownBy(this::start)
        .as(key + " " + value)
        .isInstanceOf(ConfigurationRefused.class)
        .hasMessageContaining("signer.oidc")
        .hasMessageContaining(why);
    properties.remove(AT + key);
    if (before != null) {
      properties.put(AT + key, before);
    }
  }

  private void refusedWithout(String key, String why) {
    Object before = properties.remove(AT + key);
    assertThatThrownBy(this::start)
        .as("without " + key)
        .isInstanceOf(ConfigurationRefused.class)
        .hasMessageContaining(why);
    if (before != null) {
      properties.put(AT + key, before);
    }
  }

  @Test
  void whatIsCompleteStartsWithoutAskingAnybody() {
    assertThat(start().outbound()).containsExactly(List.of("forge", "https://forge.example/jwks"));
    assertThat(start().rules())
        .containsExactly(
            List.of(
                "forge",
                "https://forge.example",
                "ota-signer",
                "environment=release, repository=acme/cam",
                "pipeline@cam"));
  }

  @Test
  void ruleForPeopleThatGivesAdministratorIsTold() {
    assertThat(start().mayGive(Role.ADMINISTRATOR)).isFalse();
    properties.put(AT + "people[0].claims[0]", "groups=administrators");
    properties.put(AT + "people[0].roles[0]", "administrator@cam");
    assertThat(start().mayGive(Role.ADMINISTRATOR)).isFalse();
    assertThat(start().mayGive(Role.ADMINISTRATOR, "cam")).isTrue();
    assertThat(start().mayGive(Role.ADMINISTRATOR, "lock")).isFalse();
    properties.put(AT + "people[0].roles[0]", "administrator");
    assertThat(start().mayGive(Role.ADMINISTRATOR)).isTrue();
    assertThat(start().mayGive(Role.ADMINISTRATOR, "lock")).isTrue();
  }

  @Test
  void withoutIssuersThereIsNothingToAsk() {
    properties.clear();
    assertThat(start()).isSameAs(IssuedTokens.NONE);
  }

  @Test
  void issuerWithoutAudienceDoesNotStart() {
    refusedWithout("audience", "audience is missing");
    refused("audience", " ", "audience is missing");
  }

  @Test
  void issuerWithoutNameOrAddressDoesNotStart() {
    refusedWithout("name", "name");
    refusedWithout("issuer", "issuer is missing");
    refusedWithout("jwks", "jwks is missing");
    refused("name", "Forge:1", "name");
  }

  @Test
  void keysAreFetchedProtectedOrOnThisMachine() {
    for (String jwks :
        new String[] {
          "http://forge.example/jwks",
          "http://127.0.0.1.forge.example/jwks",
          "https://user:secret@forge.example/jwks",
          "file:///etc/jwks",
          "jwks"
        }) {
      refused("jwks", jwks, "https");
    }
    properties.put(AT + "jwks", "http://127.0.0.1:9000/jwks");
    assertThat(start().outbound()).hasSize(1);
  }

  @Test
  void sharedSecretsAndNoSignatureAreNoAlgorithms() {
    for (String algorithm : new String[] {"none", "HS256", "RS1", ""}) {
      refused("algorithms[0]", algorithm, "algorithms");
    }
  }

  @Test
  void tokensOfMoreThanADayAreNotTaken() {
    refused("max-lifetime", "25h", "24 hours");
    refused("max-lifetime", "0s", "24 hours");
  }

  @Test
  void pipelineIsKnownByItsRepositoryAndItsBranchOrEnvironment() {
    refusedWithout("pipelines[0].claims[1]", "repository");
    refused("pipelines[0].claims[1]", "environment=", "NAME=VALUE");
    refused("pipelines[0].claims[1]", "repository=acme/nas", "each name once");
    refusedWithout("pipelines[0].product", "product");
    refused("pipelines[0].product", "*", "product");
  }

  @Test
  void rolesForEverybodyAreRefused() {
    refused("people[0].roles[0]", "auditor", "everybody");
    properties.put(AT + "people[0].claims", "groups=staff");
    refused("people[0].roles[0]", "king", "no role is called king");
    refusedWithout("people[0].roles", "roles are missing");
  }

  @Test
  void issuerThatGivesNobodyARightDoesNotStart() {
    properties.keySet().removeIf(key -> key.contains("pipelines"));
    assertThatThrownBy(this::start).hasMessageContaining("good for nothing");
  }

  @Test
  void twoIssuersOfOneNameDoNotStart() {
    for (String key : new String[] {"audience", "jwks", "pipelines[0].product"}) {
      properties.put(AT.replace('0', '1') + key, properties.get(AT + key));
    }
    String second = AT.replace('0', '1');
    properties.put(second + "name", "forge");
    properties.put(second + "issuer", "https://other.example");
    properties.put(second + "pipelines[0].claims[0]", "a=b");
    properties.put(second + "pipelines[0].claims[1]", "c=d");
    assertThatThrownBy(this::start).hasMessageContaining("stands twice");
    properties.put(second + "name", "other");
    properties.put(second + "issuer", "https://forge.example");
    assertThatThrownBy(this::start).hasMessageContaining("stands twice");
  }
}
