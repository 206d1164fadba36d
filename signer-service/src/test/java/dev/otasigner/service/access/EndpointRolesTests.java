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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The table in docs/reference/access.md is what the service does. */
@ServiceTest
class EndpointRolesTests {
  private static final Pattern ROW =
      Pattern.compile(
          "\\| (GET|PUT|POST|DELETE|PATCH) \\| (/(?:api|actuator)/\\S+) \\| ([a-z, -]+?)(?: \\([^|]*)? \\|"
              + "(?: ([a-z ]+) \\|)?");

  @LocalServerPort private int port;
  @Autowired private Accounts accounts;
  @Autowired private JdbcClient jdbc;

  @Autowired
  @Qualifier("requestMappingHandlerMapping")
  private RequestMappingHandlerMapping mapping;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<Role, Secret> keys = new EnumMap<>(Role.class);
  private final Map<Role, Secret> keysOfMine = new EnumMap<>(Role.class);

  /** API keys, since no call can end them as it ends a session. */
  @BeforeEach
  void twoKeysForEachRole() {
    String name = "e" + Long.toHexString(System.nanoTime());
    Rights all = Rights.everywhere(EnumSet.allOf(Role.class));
    accounts.createFirst(name, all);
    jdbc.sql("update access_user set one_time = false where name = ?").param(name).update();
    Actor maker = new Actor(Actor.Kind.USER, name, all);
    for (Role role : Role.values()) {
      keys.put(role, make(maker, role, null));
      keysOfMine.put(role, make(maker, role, "mine"));
    }
  }

  private Secret make(Actor maker, Role role, @Nullable String product) {
    Secret secret = Secret.generate("otk_");
    accounts.createApiKey(
        maker,
        "k" + Long.toHexString(System.nanoTime()),
        secret,
        Rights.everywhere(Set.of(role)),
        product,
        1);
    return secret;
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
        HttpResponse<String> response = call(endpoint, Optional.of(secret(keys, role)), "nothing");
        boolean gated =
            response.statusCode() == 403 && response.body().contains("this asks for role");
        if (gated == allowed.contains(role) || response.statusCode() == 401 && !open(endpoint)) {
          wrong.add(endpoint + " as " + role.code() + ": " + response.statusCode());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /**
   * As each role for product {@code mine} only: at that product as if everywhere, at another not at
   * all, and where there is no product as the table's last column says.
   */
  @Test
  void everyEndpointLetsInTheRolesOfOneProductAsTheTableSays() throws Exception {
    Map<String, Set<Role>> table = table();
    Set<String> enough = enoughForOneProduct();
    List<String> wrong = new ArrayList<>();
    for (String endpoint : mapped()) {
      boolean ofProduct = endpoint.contains("/{product}");
      for (Role role : Role.values()) {
        Optional<Secret> key = Optional.of(secret(keysOfMine, role));
        boolean allowed = table.getOrDefault(endpoint, Set.of()).contains(role);
        boolean letIn = allowed && (ofProduct || enough.contains(endpoint) || open(endpoint));
        if (isGated(call(endpoint, key, "mine")) == letIn) {
          wrong.add(endpoint + " as " + role.code() + "@mine");
        }
        if (ofProduct && !isGated(call(endpoint, key, "another"))) {
          wrong.add(endpoint + " of another product as " + role.code() + "@mine");
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** The path does not name the product: what the request is about does. */
  @Test
  void requestOfAnotherProductIsNotTheirs() throws Exception {
    String theirs = insertRequest("another");
    String own = insertRequest("mine");
    for (String what : List.of("GET ", "GET /payload", "POST /approvals", "POST /reject")) {
      String[] parts = what.split(" ", -1);
      for (Role role : List.of(Role.APPROVER, Role.RELEASE_ENGINEER)) {
        Optional<Secret> key = Optional.of(secret(keysOfMine, role));
        String path = parts[0] + " /api/v1/requests/";
        assertThat(isGated(call(path + theirs + parts[1], key, ""))).as(what).isTrue();
        boolean may = role == Role.APPROVER || !parts[1].equals("/approvals");
        assertThat(call(path + own + parts[1], key, "").body().contains("this asks for role"))
            .as(what)
            .isEqualTo(!may);
      }
    }
    String listed =
        call("GET /api/v1/requests", Optional.of(secret(keysOfMine, Role.APPROVER)), "").body();
    jdbc.sql("delete from signing_request where product in ('mine', 'another')").update();
    assertThat(listed).contains(own).doesNotContain(theirs);
  }

  private String insertRequest(String product) {
    UUID id = UUID.randomUUID();
    jdbc.sql(
            "insert into signing_request (id, product, version, requester, state, spec, reasons,"
                + " attempts, created, changed, revision) select ?, ?, '1.0.0+0', 'user:somebody',"
                + " 'AWAITING_APPROVAL', ?, '[]', 0, current_timestamp, current_timestamp, 0")
        .params(
            id,
            product,
            ("{'version':'1.0','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],"
                    + "'format':'opaque','payload':'#','manifestKeys':['k'],'profile':'#'}")
                .replace('\'', '"')
                .replace("#", "0".repeat(64)))
        .update();
    return id.toString();
  }

  private static boolean isGated(HttpResponse<String> response) {
    return response.statusCode() == 403
        && (response.body().contains("this asks for role")
            || response.body().contains("asks for the role everywhere")
            || response.body().contains("is not theirs"));
  }

  private static Secret secret(Map<Role, Secret> secrets, Role role) {
    return secrets.getOrDefault(role, new Secret("none"));
  }

  @Test
  void nobodyGetsInWithoutATokenUnlessTheTableSaysOpen() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (String endpoint : mapped()) {
      HttpResponse<String> response = call(endpoint, Optional.empty(), "nothing");
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
                if (path.startsWith("/api/") || path.startsWith("/actuator/")) {
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
              : Rights.split(roles.replace(", ", ",")).roles();
      table.put(row.group(1) + " " + row.group(2), allowed);
    }
    return table;
  }

  private static Path document() {
    return Path.of("..", "docs", "reference", "access.md");
  }

  private static Set<String> enoughForOneProduct() throws Exception {
    Set<String> enough = new HashSet<>();
    Matcher row = ROW.matcher(Files.readString(document()));
    while (row.find()) {
      if ("enough".equals(row.group(4))) {
        enough.add(row.group(1) + " " + row.group(2));
      }
    }
    return enough;
  }

  private HttpResponse<String> call(String endpoint, Optional<Secret> key, String product)
      throws Exception {
    String[] parts = endpoint.split(" ", 2);
    String path = parts[1].replace("{product}", product).replaceAll("\\{\\*?[a-zA-Z]+}", "nothing");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Content-Type", "application/json")
            .method(parts[0], HttpRequest.BodyPublishers.ofString("{}"));
    key.ifPresent(secret -> request.header("Authorization", "Bearer " + secret.text()));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
