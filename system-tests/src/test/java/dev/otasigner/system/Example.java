package dev.otasigner.system;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A document as the page of wire contracts shows it.
 *
 * @param language of the page's code block
 * @param text what stands in the block
 * @param shape what two documents of one kind have in common: names and kinds, not the values
 */
record Example(String language, String text, String shape) {
  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]{22,}={0,2}");

  static Example of(Json json) {
    return new Example("json", Indented.text(json) + "\n", shape(json));
  }

  /** A document of lines, such as a signed note. */
  static Example ofLines(String text) {
    return new Example(
        "text", text, text.lines().map(Example::shape).collect(Collectors.joining("\n")));
  }

  /** An example as it stands on the page. */
  static Example read(String language, String text) throws RejectedException {
    return switch (language) {
      case "json" ->
          new Example(
              language,
              text,
              shape(JsonReader.read(text.getBytes(StandardCharsets.UTF_8), MAX_BYTES)));
      case "text" -> ofLines(text);
      default -> throw new IllegalArgumentException(language);
    };
  }

  /** Member names and kinds; members named by a digest are alike. */
  private static String shape(Json json) {
    TreeSet<String> parts = new TreeSet<>();
    if (json instanceof Json.Obj object) {
      object
          .members()
          .forEach(
              (name, member) ->
                  parts.add(
                      (DIGEST.matcher(name).matches() ? "DIGEST" : name) + ":" + shape(member)));
      return "{" + String.join(" ", parts) + "}";
    }
    if (json instanceof Json.Arr array) {
      array.items().forEach(item -> parts.add(shape(item)));
      return parts.toString();
    }
    return json.kind();
  }

  /** A line that is a number, or with its base64 and its UUIDs left out. */
  private static String shape(String line) {
    return NUMBER.matcher(line).matches()
        ? "NUMBER"
        : BASE64.matcher(UUID.matcher(line).replaceAll("UUID")).replaceAll("BASE64");
  }
}
