package dev.otasigner.service.openapi;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds answers of the running service to the packaged OpenAPI document: the status is listed, a
 * problem is one that the call may answer, and a body is what its schema says, with no member that
 * the document does not name.
 */
public final class Conformance {
  private static final int MAX_BYTES = 64 * 1024 * 1024;
  private static final String PROBLEM = "application/problem+json";
  private static final Json.Obj DOCUMENT = load();

  private Conformance() {}

  /**
   * Returns when an answer is one that the document allows.
   *
   * @param path without its query
   * @throws AssertionError naming what is wrong
   */
  public static void check(
      String method, String path, int status, String contentType, byte[] body) {
    String where = method + " " + path + " -> " + status + " " + contentType + ": ";
    if (path.startsWith("/actuator/")) {
      return; // health says 503 with its own document
    }
    if (status >= 400) {
      requireProblem(where, status, contentType, body);
    }
    Optional<Json.Obj> operation = operation(method, path);
    if (operation.isEmpty()) {
      return;
    }
    Json listed = at(operation.get(), "responses", Integer.toString(status));
    if (listed == null) {
      throw new AssertionError(where + "the document does not list this status");
    }
    if (status >= 400) {
      String type = text(((Json.Obj) json(where, body)).members().get("type"));
      if (!words(at(listed, "x-problem-types")).contains(type)) {
        throw new AssertionError(where + "the document does not list " + type);
      }
    }
    if (!(at(listed, "content") instanceof Json.Obj content)) {
      if (body.length > 0) {
        throw new AssertionError(where + "the document lists no body");
      }
      return;
    }
    if (content.members().containsKey("*/*")) {
      return;
    }
    String mediaType = contentType.replaceFirst(";.*", "").strip();
    Json schema = at(content, mediaType, "schema");
    if (schema == null) {
      throw new AssertionError(where + "the document lists " + content.members().keySet());
    }
    if (mediaType.endsWith("json") && !text(at(schema, "format")).equals("binary")) {
      new SchemaCheck(DOCUMENT, where).check(json(where, body), (Json.Obj) schema, "$");
    }
  }

  /** What every refusal is, whoever says it. */
  static void requireProblem(String where, int status, String contentType, byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    if (!contentType.startsWith(PROBLEM)) {
      throw new AssertionError(where + "a refusal is " + PROBLEM + ", not " + text);
    }
    new SchemaCheck(DOCUMENT, where)
        .check(
            json(where, body),
            Json.object().put("$ref", "#/components/schemas/Problem").build(),
            "$");
    if (!(at(json(where, body), "status") instanceof Json.Num n) || n.value() != status) {
      throw new AssertionError(where + "member 'status' is another: " + text);
    }
    if (text.contains("\\tat ") || text.contains("dev.otasigner") || text.contains("Exception")) {
      throw new AssertionError(where + "the answer shows the service's inside: " + text);
    }
  }

  /** The operation that a request is for, with literal paths before those with variables. */
  static Optional<Json.Obj> operation(String method, String path) {
    Json.Obj paths = (Json.Obj) requireAt(DOCUMENT, "paths");
    return paths.members().entrySet().stream()
        .filter(entry -> pattern(entry.getKey()).matcher(path).matches())
        .min(Comparator.comparingInt(e -> e.getKey().split("\\{", -1).length))
        .map(entry -> at(entry.getValue(), method.toLowerCase(Locale.ROOT)))
        .map(Json.Obj.class::cast);
  }

  static Json.Obj document() {
    return DOCUMENT;
  }

  private static Pattern pattern(String template) {
    return Pattern.compile(
        Arrays.stream(template.split("/", -1))
            .map(part -> part.startsWith("{") ? "[^/]+" : Pattern.quote(part))
            .collect(Collectors.joining("/")));
  }

  static @Nullable Json at(@Nullable Json json, String... names) {
    Json here = json;
    for (String name : names) {
      here = here instanceof Json.Obj object ? object.members().get(name) : null;
    }
    return here;
  }

  private static Json requireAt(Json json, String name) {
    Json found = at(json, name);
    if (found == null) {
      throw new IllegalStateException(name);
    }
    return found;
  }

  static String text(@Nullable Json json) {
    return json instanceof Json.Str string ? string.value() : "";
  }

  static List<String> words(@Nullable Json json) {
    return json instanceof Json.Arr array
        ? array.items().stream().map(Conformance::text).toList()
        : List.of();
  }

  static Map<String, Json> members(@Nullable Json json) {
    return json instanceof Json.Obj object ? object.members() : Map.of();
  }

  private static Json json(String where, byte[] body) {
    try {
      return JsonReader.read(body, MAX_BYTES);
    } catch (RejectedException e) {
      throw new AssertionError(where + new String(body, StandardCharsets.UTF_8), e);
    }
  }

  private static Json.Obj load() {
    try (InputStream in =
        Conformance.class.getClassLoader().getResourceAsStream(OpenApiController.RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(OpenApiController.RESOURCE + " is not packaged");
      }
      return (Json.Obj) json("the document: ", in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
