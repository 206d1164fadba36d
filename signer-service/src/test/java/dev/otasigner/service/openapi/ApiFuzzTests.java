package dev.otasigner.service.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.json.Json;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestPropertySource;

/**
 * Whatever is sent to the management port, the answer is one that the OpenAPI document lists, and
 * never that the service failed. The inputs follow from a seed: {@code -Dfuzz.inputs=} and {@code
 * -Dfuzz.seed=} make a longer run, or another one.
 */
@ServiceTest
@TestPropertySource(properties = "signer.fuzzed=true")
class ApiFuzzTests {
  private static final int INPUTS = Integer.getInteger("fuzz.inputs", 2000);
  private static final long SEED = Long.getLong("fuzz.seed", 20261123);
  private static final int MAX_TOLD = 20;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Random random = new Random(SEED);
  private final Map<String, List<String>> names = new LinkedHashMap<>();
  private final HostileJson json =
      new HostileJson(random, member -> names.getOrDefault(member, List.of()));

  private record Call(String method, String path, Json.Obj operation) {}

  private record Sent(Call call, String target) {}

  @Test
  void noInputMakesTheServiceFail() throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    arrange(admin);
    List<String> tokens =
        List.of(apiKey(admin, "all", everyRole()), apiKey(admin, "few", "'auditor'"));
    List<Call> calls = calls();
    Map<String, String> failures = new LinkedHashMap<>();
    List<Sent> queries = queries(calls);
    for (int i = 0; i < INPUTS + queries.size() && failures.size() < MAX_TOLD; i++) {
      Call call =
          i < INPUTS ? calls.get(random.nextInt(calls.size())) : queries.get(i - INPUTS).call();
      String target = i < INPUTS ? target(call) : queries.get(i - INPUTS).target();
      byte[] body = body(call);
      HttpRequest request = request(call, target, body, tokens);
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      String failure = failure(call, request, response);
      if (!failure.isEmpty()) {
        failures.putIfAbsent(
            call.method() + " " + call.path() + " " + response.statusCode(),
            "input "
                + i
                + ": "
                + request.method()
                + " "
                + request.uri()
                + " "
                + new String(body, 0, Math.min(body.length, 300), StandardCharsets.UTF_8)
                + "\n    "
                + failure);
      }
    }
    assertThat(failures.values()).as("seed " + SEED).isEmpty();
  }

  private String failure(Call call, HttpRequest request, HttpResponse<byte[]> response) {
    try {
      if (response.statusCode() == 500) {
        return new String(response.body(), StandardCharsets.UTF_8);
      }
      // A path that a variable has changed is another path.
      boolean same =
          Conformance.operation(call.method(), request.uri().getPath())
              .filter(call.operation()::equals)
              .isPresent();
      Conformance.check(
          request.method(),
          same ? request.uri().getPath() : "/",
          response.statusCode(),
          response.headers().firstValue("Content-Type").orElse(""),
          response.body());
      return "";
    } catch (AssertionError e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** A product with what is needed to get past the first checks. */
  private void arrange(Admin admin) {
    admin.post("/api/v1/products", "{'name':'fz'}").expect(201);
    admin.post("/api/v1/products/fz/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    admin.post("/api/v1/products/fz/channels", "{'name':'stable'}").expect(201);
    List<String> keys = new ArrayList<>();
    for (String purpose : List.of("image", "manifest")) {
      String id =
          admin
              .post(
                  "/api/v1/keys",
                  "{'name':'fz-"
                      + purpose
                      + "','purpose':'"
                      + purpose
                      + "','suite':'ecdsa-p256-sha256'}")
              .expect(201)
              .string("keyId");
      admin.post("/api/v1/keys/" + id + "/activate", "{}").expect(200);
      keys.addAll(List.of(id, "fz-" + purpose));
    }
    String payload =
        admin.upload("/api/v1/payloads", "bytes".getBytes(StandardCharsets.UTF_8)).string("sha256");
    names.put("product", List.of("fz"));
    names.put("hardware", List.of("gw"));
    names.put("id", List.of("gw", "boot1"));
    names.put("revisions", List.of("a"));
    names.put("revision", List.of("a"));
    names.put("channel", List.of("stable"));
    names.put("bootloader", List.of("boot1"));
    names.put("version", List.of("34.12", "34.12.0+0"));
    names.put("build", List.of("34.12"));
    names.put("deviceId", List.of("d1"));
    names.put("payload", List.of(payload));
    names.put("image", List.of(payload));
    names.put("key", keys);
    names.put("rule", keys);
    names.put("imageKeys", List.of("fz-image"));
    names.put("manifestKeys", List.of("fz-manifest"));
    names.put("retireKeys", keys);
    names.put("knows", List.of("ecdsa-p256-sha256", "ed25519", "ml-dsa-65"));
    names.put("kind", List.of("device", "enrol", "access", "crypto", "network"));
    names.put("lineage", List.of("main"));
    names.put("serverAnchors", List.of("server"));
    names.put("versions", List.of("TLSv1.3"));
    names.put("suites", List.of("TLS_AES_256_GCM_SHA384"));
  }

  private static String everyRole() {
    return "'administrator','release-engineer','key-custodian','auditor','approver','pipeline'";
  }

  private static String apiKey(Admin admin, String name, String roles) {
    return admin
        .post("/api/v1/api-keys", "{'name':'fz-" + name + "','roles':[" + roles + "],'days':1}")
        .expect(201)
        .string("secret");
  }

  private static List<Call> calls() {
    List<Call> calls = new ArrayList<>();
    Conformance.members(Conformance.at(Conformance.document(), "paths"))
        .forEach(
            (path, methods) ->
                Conformance.members(methods)
                    .forEach(
                        (method, operation) ->
                            calls.add(
                                new Call(
                                    method.toUpperCase(Locale.ROOT), path, (Json.Obj) operation))));
    return calls;
  }

  private String target(Call call) {
    StringBuilder target = new StringBuilder();
    for (String part : call.path().substring(1).split("/", -1)) {
      String text = part;
      if (part.startsWith("{")) {
        List<String> known = names.getOrDefault(part.substring(1, part.length() - 1), List.of());
        text = known.isEmpty() || random.nextInt(4) == 0 ? json.hostile() : json.pick(known);
      }
      target
          .append('/')
          .append(URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    String mark = "?";
    for (String name : queryNames(call)) {
      List<String> known = names.getOrDefault(name, List.of());
      boolean good = !known.isEmpty() && random.nextInt(2) == 0;
      target.append(mark).append(query(name, good ? json.pick(known) : json.hostile()));
      mark = "&";
    }
    return target.toString();
  }

  private static String query(String name, String value) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8)
        + "="
        + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** Each parameter of a query that the document lists, with each hostile value. */
  private List<Sent> queries(List<Call> calls) {
    List<Sent> queries = new ArrayList<>();
    for (Call call : calls) {
      for (String name : listed(call)) {
        for (String value : HostileJson.allHostile()) {
          StringBuilder path = new StringBuilder();
          for (String part : call.path().substring(1).split("/", -1)) {
            String variable = part.replaceAll("[{}]", "");
            List<String> known = names.getOrDefault(variable, List.of("0".repeat(64)));
            path.append('/').append(part.startsWith("{") ? json.pick(known) : part);
          }
          queries.add(new Sent(call, path + "?" + query(name, value)));
        }
      }
    }
    return queries;
  }

  private static List<String> listed(Call call) {
    return Conformance.at(call.operation(), "parameters") instanceof Json.Arr parameters
        ? parameters.items().stream()
            .filter(p -> Conformance.text(Conformance.at(p, "in")).equals("query"))
            .map(p -> Conformance.text(Conformance.at(p, "name")))
            .toList()
        : List.of();
  }

  /** Some of those that the document lists, and now and then one that it does not. */
  private List<String> queryNames(Call call) {
    List<String> wanted = new ArrayList<>(listed(call));
    wanted.removeIf(name -> random.nextBoolean());
    if (random.nextInt(8) == 0) {
      wanted.add(json.pick(List.of("page", "a[]", "", "class.name")));
    }
    return wanted;
  }

  private byte[] body(Call call) {
    Json content = Conformance.at(call.operation(), "requestBody", "content");
    Json schema = Conformance.at(content, "application/json", "schema");
    if (schema instanceof Json.Obj known) {
      return json.body(known);
    }
    byte[] bytes = new byte[content == null && random.nextInt(4) > 0 ? 0 : random.nextInt(5000)];
    random.nextBytes(bytes);
    return bytes;
  }

  private HttpRequest request(Call call, String target, byte[] body, List<String> tokens) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
            .timeout(Duration.ofSeconds(60))
            .method(call.method(), HttpRequest.BodyPublishers.ofByteArray(body));
    List<String> types =
        List.of(
            "text/plain",
            "application/xml",
            "multipart/form-data; boundary=x",
            "*/*",
            "a",
            "application/json;charset=utf-16",
            "application/json;charset=nothing",
            "a/b;c=\"");
    request.header("Content-Type", random.nextInt(15) == 0 ? json.pick(types) : "application/json");
    if (random.nextInt(15) == 0) {
      request.header("Accept", json.pick(types));
    }
    if (random.nextInt(20) == 0) {
      request.header(
          json.pick(
              List.of(
                  "Range",
                  "If-None-Match",
                  "If-Modified-Since",
                  "Accept-Language",
                  "Content-Encoding",
                  "X-Forwarded-For",
                  "X-HTTP-Method-Override",
                  "Cookie",
                  "Origin")),
          json.pick(
              List.of(
                  "bytes=0-0",
                  "bytes=5-1",
                  "bytes=-99999999999999999999",
                  "*",
                  "gzip",
                  "\"a\"",
                  "DELETE",
                  "127.0.0.1",
                  "x".repeat(3000),
                  "Thu, 99 Foo 2026")));
    }
    if (random.nextInt(10) > 0) {
      String token =
          random.nextInt(40) == 0
              ? json.pick(List.of("", "x", "otk_", "ots_" + "a".repeat(6000), "\t", "a b"))
              : tokens.get(random.nextInt(8) == 0 ? 1 : 0);
      request.header("Authorization", "Bearer " + token);
    }
    return request.build();
  }
}
