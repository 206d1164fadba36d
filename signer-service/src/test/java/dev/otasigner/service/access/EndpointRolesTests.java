package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.ServiceTest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The table in docs/reference/access.md is what the service does. */
@ServiceTest
class EndpointRolesTests {
  private static final Pattern ROW =
      Pattern.compile(
          "\\| (GET|PUT|POST|DELETE|PATCH) \\| (/api/\\S+) \\| ([a-z, -]+?)(?: \\(.*)? \\|");

  @LocalServerPort private int port;
  @Autowired private Accounts accounts;

  @Autowired
  @Qualifier("requestMappingHandlerMapping")
  private RequestMappingHandlerMapping mapping;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<Role, Secret> keys = new EnumMap<>(Role.class);

  /** API keys, since no call can end them as it ends a session. */
  @BeforeEach
  void oneKeyForEachRole() {
    for (Role role : Role.values()) {
      Secret secret = Secret.generate("otk_");
      keys.put(role, secret);
      accounts.createApiKey(
          Actor.SYSTEM, "k" + Long.toHexString(System.nanoTime()), secret, Set.of(role), null, 1);
    }
  }

  @Test
  void everyEndpointIsInTheTableAndTheTableHasNoOther() throws Exception {
    assertThat(mapped()).containsExactlyInAnyOrderElementsOf(table().keySet());
  }

  @Test
  void everyEndpointLetsInExactlyTheRolesOfTheTable() throws Exception {
    Map<String, Set<Role>> table = table();
    List<String> wrong = new ArrayList<>();
    for (String endpoint : mapped()) {
      Set<Role> allowed = table.getOrDefault(endpoint, EnumSet.noneOf(Role.class));
      for (Role role : Role.values()) {
        HttpResponse<String> response = call(endpoint, Optional.of(role));
        boolean gated =
            response.statusCode() == 403 && response.body().contains("this asks for role");
        if (gated == allowed.contains(role) || response.statusCode() == 401 && !open(endpoint)) {
          wrong.add(endpoint + " as " + role.code() + ": " + response.statusCode());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void nobodyGetsInWithoutATokenUnlessTheTableSaysOpen() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (String endpoint : mapped()) {
      HttpResponse<String> response = call(endpoint, Optional.empty());
      boolean refused = response.body().contains("urn:ota:problem:unauthenticated");
      if (refused == open(endpoint)) {
        wrong.add(endpoint + ": " + response.statusCode());
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static boolean open(String endpoint) throws Exception {
    return Files.readString(document()).contains("| " + endpoint.replace(" ", " | ") + " | open |");
  }

  private Set<String> mapped() {
    Map<String, Boolean> endpoints = new TreeMap<>();
    mapping
        .getHandlerMethods()
        .forEach(
            (info, method) -> {
              for (String path : info.getPatternValues()) {
                if (path.startsWith("/api/")) {
                  info.getMethodsCondition()
                      .getMethods()
                      .forEach(m -> endpoints.put(m.name() + " " + path, true));
                }
              }
            });
    return endpoints.keySet();
  }

  private static Map<String, Set<Role>> table() throws Exception {
    Map<String, Set<Role>> table = new TreeMap<>();
    Matcher row = ROW.matcher(Files.readString(document()));
    while (row.find()) {
      String roles = row.group(3).strip();
      Set<Role> allowed =
          roles.equals("any") || roles.equals("open")
              ? EnumSet.allOf(Role.class)
              : Role.split(roles.replace(", ", ","));
      table.put(row.group(1) + " " + row.group(2), allowed);
    }
    return table;
  }

  private static Path document() {
    return Path.of("..", "docs", "reference", "access.md");
  }

  private HttpResponse<String> call(String endpoint, Optional<Role> role) throws Exception {
    String[] parts = endpoint.split(" ", 2);
    String path = parts[1].replaceAll("\\{\\*?[a-zA-Z]+}", "nothing");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Content-Type", "application/json")
            .method(parts[0], HttpRequest.BodyPublishers.ofString("{}"));
    role.ifPresent(
        r ->
            request.header(
                "Authorization", "Bearer " + keys.getOrDefault(r, new Secret("none")).text()));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
