package dev.otasigner.verifier.json;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * OLPC canonical JSON: members sorted by name, no spaces, only the quote and the backslash escaped,
 * UTF-8. Not RFC 8785; and not JSON where a string holds a control character, such as the line ends
 * of a PEM, which the canonical form leaves as they are. A document is therefore written as {@link
 * #text}, and only signed and digested as {@link #write}.
 */
final class CanonicalJson {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(512);
  private final boolean escapeControls;

  private CanonicalJson(boolean escapeControls) {
    this.escapeControls = escapeControls;
  }

  static byte[] write(Json value) {
    return write(value, false);
  }

  /** The same with control characters escaped, as RFC 8259 demands. */
  static byte[] text(Json value) {
    return write(value, true);
  }

  private static byte[] write(Json value, boolean escapeControls) {
    CanonicalJson writer = new CanonicalJson(escapeControls);
    writer.value(value);
    return writer.out.toByteArray();
  }

  private void value(Json value) {
    if (value instanceof Json.Obj object) {
      object(object);
    } else if (value instanceof Json.Arr array) {
      char before = '[';
      for (Json item : array.items()) {
        out.write(before);
        value(item);
        before = ',';
      }
      if (before == '[') {
        out.write('[');
      }
      out.write(']');
    } else if (value instanceof Json.Str string) {
      string(string.value());
    } else if (value instanceof Json.Num number) {
      ascii(Long.toString(number.value()));
    } else if (value instanceof Json.Bool bool) {
      ascii(Boolean.toString(bool.value()));
    } else {
      ascii("null");
    }
  }

  private void object(Json.Obj object) {
    char before = '{';
    // Sorted by code point, as Python does; UTF-16 order differs beyond the basic plane.
    TreeMap<String, Json> sorted = new TreeMap<>(CanonicalJson::byCodePoint);
    sorted.putAll(object.members());
    for (Map.Entry<String, Json> member : sorted.entrySet()) {
      out.write(before);
      string(member.getKey());
      out.write(':');
      value(member.getValue());
      before = ',';
    }
    if (before == '{') {
      out.write('{');
    }
    out.write('}');
  }

  private static int byCodePoint(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char left = a.charAt(i);
      char right = b.charAt(i);
      if (left != right) {
        // Where they part, a surrogate stands for a code point beyond all others.
        boolean beyond = Character.isSurrogate(left);
        return beyond == Character.isSurrogate(right)
            ? Character.compare(left, right)
            : beyond ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  private void string(String text) {
    out.write('"');
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
    out.writeBytes((escapeControls ? controls(escaped) : escaped).getBytes(StandardCharsets.UTF_8));
    out.write('"');
  }

  private static String controls(String text) {
    if (text.chars().noneMatch(c -> c < ' ')) {
      return text;
    }
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        escaped.append("\\n");
      } else if (c < ' ') {
        escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  private void ascii(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }
}
