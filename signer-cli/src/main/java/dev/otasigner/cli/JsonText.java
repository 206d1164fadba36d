package dev.otasigner.cli;

import dev.otasigner.verifier.json.Json;
import java.util.Locale;
import java.util.Map;

/** JSON for people and programs: indented, members in the order given. */
public final class JsonText {
  private final StringBuilder out = new StringBuilder();

  private JsonText() {}

  public static String of(Json json) {
    JsonText text = new JsonText();
    text.value(json, "\n");
    return text.out.toString();
  }

  private void value(Json json, String newline) {
    if (json instanceof Json.Obj object) {
      object(object, newline);
    } else if (json instanceof Json.Arr array) {
      array(array, newline);
    } else if (json instanceof Json.Str string) {
      string(string.value());
    } else if (json instanceof Json.Num number) {
      out.append(number.value());
    } else if (json instanceof Json.Bool bool) {
      out.append(bool.value());
    } else {
      out.append("null");
    }
  }

  private void object(Json.Obj object, String newline) {
    String before = "{";
    for (Map.Entry<String, Json> member : object.members().entrySet()) {
      out.append(before).append(newline).append("  ");
      string(member.getKey());
      out.append(": ");
      value(member.getValue(), newline + "  ");
      before = ",";
    }
    out.append(object.members().isEmpty() ? "{}" : newline + "}");
  }

  private void array(Json.Arr array, String newline) {
    String before = "[";
    for (Json item : array.items()) {
      out.append(before).append(newline).append("  ");
      value(item, newline + "  ");
      before = ",";
    }
    out.append(array.items().isEmpty() ? "[]" : newline + "]");
  }

  private void string(String value) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
