package dev.otasigner.service.openapi;

import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** JSON as a person reads it; long strings are kept whole, since readers must take the text. */
final class Indented {
  private static final int WIDTH = 96;

  private Indented() {}

  static String text(Json json) {
    return text(json, "");
  }

  private static String text(Json json, String indent) {
    String flat = new String(json.textBytes(), StandardCharsets.UTF_8);
    boolean leaf = !(json instanceof Json.Obj) && !(json instanceof Json.Arr);
    if (leaf || indent.length() + flat.length() <= WIDTH) {
      return flat;
    }
    String deeper = indent + "  ";
    if (json instanceof Json.Obj object) {
      return object.members().entrySet().stream()
          .map(member -> deeper + name(member) + text(member.getValue(), deeper))
          .collect(Collectors.joining(",\n", "{\n", "\n" + indent + "}"));
    }
    List<Json> items = ((Json.Arr) json).items();
    return items.stream()
        .map(item -> deeper + text(item, deeper))
        .collect(Collectors.joining(",\n", "[\n", "\n" + indent + "]"));
  }

  private static String name(Map.Entry<String, Json> member) {
    return new String(new Json.Str(member.getKey()).textBytes(), StandardCharsets.UTF_8) + ": ";
  }
}
