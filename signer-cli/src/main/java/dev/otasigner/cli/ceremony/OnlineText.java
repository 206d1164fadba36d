package dev.otasigner.cli.ceremony;

import dev.otasigner.verifier.json.Json;
import java.util.Map;

/** The part of a plan that names the service's keys, in YAML to be pasted. */
final class OnlineText {
  private OnlineText() {}

  static String of(Json answer) {
    StringBuilder text = new StringBuilder("online:\n");
    if (answer instanceof Json.Obj object
        && object.members().get("online") instanceof Json.Obj online) {
      for (Map.Entry<String, Json> role : online.members().entrySet()) {
        text.append("  ").append(role.getKey()).append(":\n");
        if (role.getValue() instanceof Json.Arr keys) {
          keys.items().forEach(key -> pem(text, key));
        }
      }
    }
    return text.toString();
  }

  private static void pem(StringBuilder text, Json key) {
    if (key instanceof Json.Str pem) {
      String[] lines = pem.value().strip().split("\n", -1);
      text.append("    - |\n");
      for (String line : lines) {
        text.append("      ").append(line).append('\n');
      }
    }
  }
}
