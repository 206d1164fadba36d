package dev.otasigner.verifier.fuzz;

import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A fuzzer's bytes read as instructions: which node of a sound document becomes what. So a mutation
 * stays a document, and reaches what stands behind the first check. When the bytes are used up,
 * every answer is zero.
 */
public final class Script {
  private static final long[] NUMBERS = {
    0,
    1,
    -1,
    2,
    31,
    32,
    33,
    255,
    256,
    1000,
    1001,
    65535,
    65536,
    Integer.MAX_VALUE,
    0xffff_ffffL,
    0x1_0000_0000L,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final String[] TEXTS = {
    "",
    "*",
    "/",
    "..",
    "\u0000",
    "\n\"\\",
    "\u20ac\ud83d\ude00",
    "0".repeat(64),
    "\u20ac".repeat(64),
    "a".repeat(300),
    "9999-12-31T24:00:00Z",
    "2026-06-30T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "255.255.65535+4294967295",
    "root",
    "targets",
    "1.0",
    "2.0.0",
    "30820122"
  };

  private final byte[] bytes;
  private int at;

  public Script(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  public boolean isUsedUp() {
    return at >= bytes.length;
  }

  /** The next byte, 0 to 255. */
  public int next() {
    return isUsedUp() ? 0 : bytes[at++] & 0xff;
  }

  /** A number from zero to below the bound. */
  public int below(int bound) {
    int value = bound > 256 ? next() << 16 | next() << 8 | next() : next();
    return value % bound;
  }

  /** The next few bytes, at most this many. */
  public byte[] take(int max) {
    int to = Math.min(bytes.length, at + below(max + 1));
    byte[] taken = Arrays.copyOfRange(bytes, Math.min(at, to), to);
    at = Math.max(at, to);
    return taken;
  }

  /** Everything that is left. */
  public byte[] rest() {
    byte[] rest = Arrays.copyOfRange(bytes, Math.min(at, bytes.length), bytes.length);
    at = bytes.length;
    return rest;
  }

  /** The document with up to four of its nodes changed. */
  public Json.Obj edit(Json.Obj document) {
    Json edited = document;
    int edits = 1 + below(4);
    for (int i = 0; i < edits && !isUsedUp(); i++) {
      List<Json> nodes = new ArrayList<>();
      collect(edited, nodes);
      edited = new Edit(below(nodes.size()), nodes).of(edited);
    }
    return edited instanceof Json.Obj object ? object : document;
  }

  private static void collect(Json node, List<Json> into) {
    into.add(node);
    if (node instanceof Json.Obj object) {
      object.members().values().forEach(child -> collect(child, into));
    } else if (node instanceof Json.Arr array) {
      array.items().forEach(child -> collect(child, into));
    }
  }

  /** A text that means something somewhere, or a few characters of the fuzzer's. */
  public String text() {
    int which = below(TEXTS.length + 2);
    return which < TEXTS.length
        ? TEXTS[which]
        // Every byte is a character, so that no byte of the fuzzer is lost.
        : new String(take(which == TEXTS.length ? 12 : 200), StandardCharsets.ISO_8859_1);
  }

  /** One change at one node, counted in document order. */
  private final class Edit {
    private final List<Json> nodes;
    private int left;

    Edit(int node, List<Json> nodes) {
      this.left = node;
      this.nodes = nodes;
    }

    Json of(Json node) {
      if (left-- == 0) {
        return changed(node);
      }
      if (left < 0) {
        return node;
      }
      if (node instanceof Json.Obj object) {
        Map<String, Json> members = new LinkedHashMap<>();
        object.members().forEach((name, child) -> members.put(name, of(child)));
        return new Json.Obj(members);
      }
      return node instanceof Json.Arr array
          ? new Json.Arr(array.items().stream().map(this::of).toList())
          : node;
    }

    private Json changed(Json node) {
      return switch (below(12)) {
        case 0 -> new Json.Num(NUMBERS[below(NUMBERS.length)]);
        case 1, 2 -> new Json.Str(text());
        case 3 -> new Json.Bool(below(2) == 1);
        case 4 -> new Json.Null();
        case 5 -> below(2) == 0 ? Json.object().build() : new Json.Arr(List.of());
        case 6 -> nodes.get(below(nodes.size()));
        case 7 -> nested(node, 1 + below(6));
        case 8 -> without(node);
        case 9 -> renamed(node);
        case 10 -> repeated(node, below(80));
        default -> node instanceof Json.Str string ? new Json.Str(mixed(string.value())) : node;
      };
    }

    private Json nested(Json node, int depth) {
      Json nested = node;
      for (int i = 0; i < depth; i++) {
        nested = new Json.Arr(List.of(nested));
      }
      return nested;
    }

    private Json without(Json node) {
      if (node instanceof Json.Obj object && !object.members().isEmpty()) {
        Map<String, Json> members = new LinkedHashMap<>(object.members());
        members.remove(name(object));
        return new Json.Obj(members);
      }
      return node instanceof Json.Arr array && !array.items().isEmpty()
          ? new Json.Arr(array.items().subList(1, array.items().size()))
          : node;
    }

    private Json renamed(Json node) {
      if (node instanceof Json.Obj object && !object.members().isEmpty()) {
        String from = name(object);
        String to = text();
        Map<String, Json> members = new LinkedHashMap<>();
        object
            .members()
            .forEach((name, child) -> members.put(name.equals(from) ? to : name, child));
        return new Json.Obj(members);
      }
      return node;
    }

    private String name(Json.Obj object) {
      return List.copyOf(object.members().keySet()).get(below(object.members().size()));
    }

    private Json repeated(Json node, int times) {
      return node instanceof Json.Arr array && !array.items().isEmpty()
          ? new Json.Arr(
              java.util.stream.Stream.generate(() -> array.items().get(0)).limit(times).toList())
          : node;
    }

    private String mixed(String value) {
      if (value.isEmpty()) {
        return text();
      }
      int from = below(value.length());
      return value.substring(0, from)
          + new String(take(4), StandardCharsets.ISO_8859_1)
          + value.substring(Math.min(value.length(), from + below(4)));
    }
  }
}
