package dev.otasigner.service.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.json.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/**
 * Every endpoint, given what it does not take, says so as the OpenAPI document lists it. {@link
 * ApiFuzzTests} finds what nobody thought of; this leaves no endpoint out.
 */
@ServiceTest
class MalformedInputTests {
  private static final Pattern VARIABLE = Pattern.compile("\\{([a-zA-Z]+)}");
  private static final String UNKNOWN = "aMemberOfNoBody";

  /** Of no name, number, digest or version that there is; encoded as it stands in a path. */
  private static final List<String> MALFORMED =
      List.of("-", "a%20b", "%00", "%0d%0a", "%FF", "%C3%9C", "'--", "x".repeat(300), "..;", "*");

  /** Lists that are empty for a product that nobody has made. */
  private static final Set<String> EMPTY =
      Set.of(
          "GET /api/v1/products/{product}/bootloaders",
          "GET /api/v1/products/{product}/requests",
          "GET /api/v1/products/{product}/builds",
          "GET /api/v1/products/{product}/releases",
          "GET /api/v1/products/{product}/lineages");

  /** Calls about something that need not be there yet, for which "-" is a name like others. */
  private static final Set<String> FOR_A_NEW_NAME =
      Set.of("POST /api/v1/products/{product}/lineages/{lineage}/role-keys");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<String> failures = new ArrayList<>();
  private Admin admin = Admin.anonymous(0);

  /**
   * An endpoint.
   *
   * @param isContract whether its body is one of the contracts' documents, in whose objects members
   *     that nobody knows are passed over
   */
  private record Call(String method, String path, Json.Obj document, boolean isContract) {
    static Call of(Operation operation) {
      String[] parts = operation.endpoint().split(" ", 2);
      return new Call(
          parts[0],
          parts[1],
          Conformance.operation(parts[0], parts[1].replaceAll("[{}]", "")).orElseThrow(),
          operation.takes() != null || operation.id().endsWith("Release"));
    }

    Json.Obj schema() {
      Json content = Conformance.at(document, "requestBody", "content", "application/json");
      return Conformance.at(content, "schema") instanceof Json.Obj schema
          ? schema
          : Json.object().build();
    }

    boolean takesJson() {
      return !schema().members().isEmpty();
    }

    boolean isBodyRequired() {
      return Conformance.at(document, "requestBody", "required") instanceof Json.Bool required
          && required.value();
    }
  }

  private static List<Call> calls() {
    return Operations.all().stream().map(Call::of).toList();
  }

  /** One that there is where the endpoint looks at it before the body. */
  private static String value(String variable) {
    return switch (variable) {
      case "product" -> "mal";
      case "key" -> "mal-key";
      case "id" -> "00000000-0000-0000-0000-000000000000";
      case "digest" -> "0".repeat(64);
      case "version" -> "1.0.0";
      default -> "mal";
    };
  }

  private static String filled(String path) {
    return VARIABLE.matcher(path).replaceAll(v -> value(v.group(1)));
  }

  private void arrange() {
    admin = Admin.withEveryRole(port, printed.password());
    if (!admin.get("/api/v1/products").expect(200).text().contains("\"mal\"")) {
      admin.post("/api/v1/products", "{'name':'mal'}").expect(201);
      admin
          .post("/api/v1/keys", "{'name':'mal-key','purpose':'image','suite':'ecdsa-p256-sha256'}")
          .expect(201);
    }
  }

  private void refused(Call call, String path, String what, byte[] body, Set<Integer> statuses)
      throws Exception {
    HttpResponse<byte[]> answer =
        client.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + admin.token())
                .header("Content-Type", "application/json")
                .method(call.method(), HttpRequest.BodyPublishers.ofByteArray(body))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    String text = new String(answer.body(), StandardCharsets.UTF_8);
    String where = call.method() + " " + path + " with " + what + ": " + answer.statusCode();
    if (!statuses.contains(answer.statusCode())) {
      failures.add(where + " " + text);
      return;
    }
    if (what.contains(UNKNOWN) && !text.contains(UNKNOWN)) {
      failures.add(where + " for another reason: " + text);
    }
    try {
      String template = path.equals(filled(call.path())) ? path : "/";
      Conformance.check(
          call.method(),
          template,
          answer.statusCode(),
          answer.headers().firstValue("Content-Type").orElse(""),
          answer.body());
    } catch (AssertionError e) {
      failures.add(where + " " + e.getMessage());
    }
  }

  private void refused(Call call, String what, String body) throws Exception {
    refused(call, what, body.getBytes(StandardCharsets.UTF_8));
  }

  private void refused(Call call, String what, byte[] body) throws Exception {
    refused(call, filled(call.path()), what, body, Set.of(400));
  }

  @Test
  void aBodyThatIsNotWhatIsExpectedIsABadRequestEverywhere() throws Exception {
    arrange();
    List<Call> calls = calls().stream().filter(Call::takesJson).toList();
    assertThat(calls).hasSizeGreaterThan(30);
    for (Call call : calls) {
      if (call.isBodyRequired()) {
        refused(call, "no body", "");
        refused(call, "null", "null");
      }
      refused(call, "broken JSON", "{\"a\":");
      refused(call, "a list", "[]");
      refused(call, "a text", "\"text\"");
      refused(call, "a number", "5");
      Map<String, Json> sample = members(call.schema());
      if (!call.isContract()) {
        Map<String, Json> more = new LinkedHashMap<>(sample);
        more.put(UNKNOWN, new Json.Num(1));
        refused(call, UNKNOWN, new Json.Obj(more).textBytes());
      }
      for (String required : sample.keySet()) {
        Map<String, Json> less = new LinkedHashMap<>(sample);
        less.remove(required);
        // Where the path names a request, it is looked up first.
        Set<Integer> statuses = call.path().contains("{id}") ? Set.of(404) : Set.of(400);
        byte[] body = new Json.Obj(less).textBytes();
        refused(call, filled(call.path()), "no member " + required, body, statuses);
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void aBodyOverTheLimitIsTooLargeEverywhere() throws Exception {
    arrange();
    byte[] large = ("{\"a\":\"" + "x".repeat(2 << 20) + "\"}").getBytes(StandardCharsets.UTF_8);
    for (Call call : calls()) {
      if (call.takesJson()) {
        refused(call, filled(call.path()), "a large body", large, Set.of(413));
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void aMalformedNameInThePathIsRefusedEverywhere() throws Exception {
    arrange();
    int variables = 0;
    for (Call call : calls()) {
      byte[] body =
          call.takesJson() ? new Json.Obj(members(call.schema())).textBytes() : new byte[0];
      Matcher variable = VARIABLE.matcher(call.path());
      while (variable.find()) {
        variables++;
        for (String malformed : MALFORMED) {
          String path =
              filled(call.path().substring(0, variable.start()))
                  + malformed
                  + filled(call.path().substring(variable.end()));
          String which = call.method() + " " + call.path();
          boolean isEmpty =
              EMPTY.contains(which) || malformed.equals("-") && FOR_A_NEW_NAME.contains(which);
          refused(
              call,
              path,
              "a malformed " + variable.group(1),
              body,
              isEmpty ? Set.of(200, 400, 404) : Set.of(400, 404));
        }
      }
    }
    assertThat(variables).isGreaterThan(50);
    assertThat(failures).isEmpty();
  }

  /** The members that have to be there. */
  private static Map<String, Json> members(Json.Obj schema) {
    Json.Obj known = resolved(schema);
    Map<String, Json> members = new LinkedHashMap<>();
    for (String name : Conformance.words(known.members().get("required"))) {
      members.put(name, sample(at(known, "properties", name), name));
    }
    return members;
  }

  private static Json.Obj at(Json.Obj json, String... names) {
    return (Json.Obj) Objects.requireNonNull(Conformance.at(json, names), String.join(".", names));
  }

  private static Json.Obj resolved(Json.Obj schema) {
    return schema.members().get("$ref") instanceof Json.Str ref
        ? at(
            Conformance.document(),
            "components",
            "schemas",
            ref.value().substring("#/components/schemas/".length()))
        : schema;
  }

  private static Json sample(Json.Obj schema, String name) {
    Json.Obj known = resolved(schema);
    return switch (Conformance.text(known.members().get("type"))) {
      case "object" -> new Json.Obj(members(known));
      case "array" -> new Json.Arr(List.of(sample(at(known, "items"), name)));
      case "integer" -> new Json.Num(1);
      case "boolean" -> new Json.Bool(false);
      default -> new Json.Str(text(known, name));
    };
  }

  private static String text(Json.Obj schema, String name) {
    List<String> words = Conformance.words(schema.members().get("enum"));
    if (!words.isEmpty()) {
      return words.get(0);
    }
    return switch (name) {
      case "roles", "grant" -> "auditor";
      case "events" -> "approval.waiting";
      case "url" -> "https://127.0.0.1:1/";
      case "version", "min", "max", "build" -> "1.0.0";
      case "payload", "profile", "image", "digest" -> "0".repeat(64);
      default -> "mal";
    };
  }
}
