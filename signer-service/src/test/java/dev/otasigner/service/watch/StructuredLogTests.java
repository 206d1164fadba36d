package dev.otasigner.service.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.problem.RawHttp;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A service of its own whose log is JSON, as an operator starts it. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class StructuredLogTests {
  private static final Pattern LISTENING =
      Pattern.compile("signer: listening on http://127.0.0.1:(\\d+)");
  private static final Pattern PASSWORD =
      Pattern.compile("signer: administrator password \\(shown once\\): (\\S+)");

  private final Path data = TemporaryData.create();
  private final Path out = data.resolveSibling(data.getFileName() + ".out");
  private final List<String> secrets = new ArrayList<>();

  private Process start(String format) throws IOException {
    String classes =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classes,
            "dev.otasigner.service.SignerService",
            "--data",
            data.toString(),
            "--port",
            "0");
    builder.environment().put("LOGGING_STRUCTURED_FORMAT_CONSOLE", format);
    return builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
  }

  /** What the service has printed, once this is in it. */
  private String await(Pattern wanted) throws Exception {
    for (int i = 0; i < 600; i++) {
      Matcher found = wanted.matcher(Files.readString(out));
      if (found.find()) {
        return found.group(1);
      }
      TimeUnit.MILLISECONDS.sleep(100); // a process of its own cannot be given our clock
    }
    throw new AssertionError("not printed: " + wanted + "\n" + Files.readString(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ecs", "logstash"})
  void everyLineIsOneObjectWithTheCallsNumberAndNoSecret(String format) throws Exception {
    Process process = start(format);
    List<Json.Obj> lines;
    try {
      int port = Integer.parseInt(await(LISTENING));
      provoke(port, await(PASSWORD));
      await(Pattern.compile("(last-call-4711)"));
    } finally {
      process.destroyForcibly().waitFor();
    }
    lines = objects();
    assertThat(lines).isNotEmpty();
    for (String number : List.of("failed-login-1", "refused-call-2", "broken-call-3", "forged-4")) {
      assertThat(lines)
          .as(number)
          .anyMatch(line -> new Json.Str(number).equals(line.members().get("request")));
    }
    assertThat(lines)
        .as("the exception, on one line")
        .anyMatch(
            line ->
                line.toString().contains("stack_trace") && line.toString().contains("incident"));
    assertThat(lines)
        .as("the call's own line")
        .anyMatch(line -> line.toString().contains("millis"));
    String log = Files.readString(out).replaceFirst(PASSWORD.pattern(), "");
    for (String secret : secrets) {
      assertThat(log).doesNotContain(secret);
    }
    assertThat(log)
        .doesNotContain("\u001b")
        .doesNotContain("\u202e")
        .doesNotContainIgnoringCase("Bearer ");
  }

  /** All but what is said to the person who starts the service. */
  private List<Json.Obj> objects() throws Exception {
    List<Json.Obj> objects = new ArrayList<>();
    for (String line : Files.readAllLines(out, StandardCharsets.UTF_8)) {
      if (!line.startsWith("signer: ")) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        objects.add(new Json.Obj(JsonReader.readObject(bytes, 1 << 20).members()));
      }
    }
    return objects;
  }

  /** A failed login, refusals, a failure of the service, and names of any characters. */
  private void provoke(int port, String first) throws Exception {
    Admin admin = Admin.withEveryRole(port, first);
    secrets.addAll(List.of(first, admin.token(), "planted-password-7712", "otk_planted-api-key"));
    secrets.add("planted-pin-9911");
    call(
        port,
        "POST",
        "/api/v1/sessions",
        "failed-login-1",
        "",
        "{\"user\":\"admin\",\"password\":\"planted-password-7712\"}");
    call(port, "GET", "/api/v1/keys", "refused-call-2", "otk_planted-api-key", "");
    admin.post(
        "/api/v1/keys/import",
        "{'name':'planted','purpose':'image','suite':'ed25519','token':'software',"
            + "'uri':'pkcs11:token=a;object=b?pin-value=planted-pin-9911'}");
    secrets.add(
        admin
            .post("/api/v1/api-keys", "{'name':'planted','roles':['auditor'],'days':1}")
            .expect(201)
            .string("secret"));
    takePayloadsAway();
    String answer =
        call(port, "PUT", "/api/v1/payloads", "broken-call-3", admin.token(), "any payload");
    assertThat(answer).contains("urn:ota:problem:internal").doesNotContain("Exception");
    admin.post("/api/v1/products", "{'name':'a\\n{\"forged\":1}\\u001b[31m\\u202egnol'}");
    call(
        port,
        "POST",
        "/api/v1/sessions",
        "forged-4",
        "",
        "{\"user\":\"b\\r\\n{\\\"forged\\\":1}\\u001b[31m\",\"password\":\"x\\u202e\"}");
    call(port, "GET", "/api/v1/keys/%0a%7b%22forged%22:1%7d", "forged-5", "", "");
    call(port, "GET", "/api/v1/whoami", "last-call-4711", admin.token(), "");
  }

  /** Whatever the service does with payloads now fails as nobody foresaw. */
  private void takePayloadsAway() throws IOException {
    Path payloads = data.resolve("payloads");
    Files.move(payloads, data.resolve("elsewhere"));
    Files.writeString(payloads, "no directory");
  }

  private static String call(
      int port, String method, String path, String number, String token, String body) {
    return RawHttp.exchange(
        port,
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: "
            + number
            + (token.isEmpty() ? "" : "\r\nAuthorization: Bearer " + token)
            + "\r\nContent-Type: "
            + (path.endsWith("payloads") ? "application/octet-stream" : "application/json")
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }
}
