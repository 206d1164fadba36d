package dev.otasigner.service.openapi;

import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** JSON text after a schema, most of it good, some of it as bad as text can be. */
final class HostileJson {
  /** What has broken readers of JSON, of names, of paths, of logs and of databases before. */
  private static final List<String> STRINGS =
      List.of(
          "",
          " ",
          "\\u0000",
          "a\\u0000b",
          "\\ud800",
          "\\udc00\\ud800",
          "\\u202eevil\\u202c",
          "\\u200b",
          "\\ufeffname",
          "e\\u0301",
          "\\u0130\\u0131",
          "\\n\\r\\nSet-Cookie: a=b",
          "\\u001b[31mred",
          "../../../etc/passwd",
          "..%2f..%2f",
          "con",
          "nul.txt",
          "a/b",
          "a\\\\b",
          "${jndi:ldap://127.0.0.1/a}",
          "#{1+1}",
          "' or '1'='1",
          "\\\"",
          "%00",
          "%s%n%d",
          "\ud83d\udd11",
          "null",
          "true",
          "-0",
          "9".repeat(400),
          "a".repeat(33),
          "a".repeat(5000),
          "\\u00e9".repeat(300),
          "0".repeat(64),
          "f".repeat(64),
          "F".repeat(64),
          "9999-12-31T23:59:59Z",
          "0000-00-00T00:00:00Z",
          "+999999999-12-31T23:59:59Z",
          "+1000000000-12-31T23:59:59Z",
          "-1000000000-01-01T00:00:00Z",
          "2026-02-30T25:61:61Z",
          "255.255.65535+4294967295",
          "256.0.0+0",
          "1.2.3.4.5",
          "-1.0.0",
          "AAAA",
          "====",
          "A===",
          "urn:uuid:" + "0".repeat(32),
          "00000000-0000-0000-0000-000000000000");

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-0",
          "1",
          "-1",
          "255",
          "65536",
          "2147483647",
          "2147483648",
          "-2147483649",
          "4294967295",
          "4294967296",
          "9007199254740993",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775809",
          "1.5",
          "1e3",
          "1e400",
          "-1e-400",
          "1e999999999",
          "9".repeat(1500),
          "0x10",
          "01",
          "+1",
          "NaN",
          "Infinity");

  private final Random random;
  private final Names names;

  /** What is there already, so that some of the text leads further in. */
  interface Names {
    List<String> of(String member);
  }

  HostileJson(Random random, Names names) {
    this.random = random;
    this.names = names;
  }

  /** Bytes of a body for a schema. */
  byte[] body(Json.Obj schema) {
    if (random.nextInt(12) == 0) {
      return garbage();
    }
    byte[] body =
        value(schema, "", 0, random.nextInt(3) == 0 ? 0 : 12).getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(15) == 0 && body.length > 0) {
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
    }
    return body;
  }

  private byte[] garbage() {
    return switch (random.nextInt(9)) {
      case 0 -> new byte[0];
      case 1 -> "[".repeat(20_000).getBytes(StandardCharsets.US_ASCII);
      case 2 -> "{\"a\":".repeat(5_000).getBytes(StandardCharsets.US_ASCII);
      case 3 -> "null".getBytes(StandardCharsets.US_ASCII);
      case 4 -> new byte[] {(byte) 0xff, (byte) 0xfe, '{', 0, '}', 0};
      case 5 -> new byte[] {(byte) 0xc0, (byte) 0x80};
      case 6 -> "\"text\"".getBytes(StandardCharsets.US_ASCII);
      case 7 -> ("{\"a\":\"" + "x".repeat(300_000) + "\"}").getBytes(StandardCharsets.US_ASCII);
      default -> {
        byte[] noise = new byte[random.nextInt(200)];
        random.nextBytes(noise);
        yield noise;
      }
    };
  }

  /**
   * The text of a value.
   *
   * @param oneIn how seldom a value is a bad one; 0 for never
   */
  private String value(Json.Obj schema, String name, int depth, int oneIn) {
    if (oneIn > 0 && random.nextInt(oneIn) == 0) {
      return anything(depth);
    }
    if (schema.members().get("$ref") instanceof Json.Str ref) {
      Json target =
          Conformance.at(
              Conformance.document(),
              "components",
              "schemas",
              ref.value().substring("#/components/schemas/".length()));
      return target instanceof Json.Obj found ? value(found, name, depth, oneIn) : "null";
    }
    return switch (Conformance.text(schema.members().get("type"))) {
      case "object" -> object(schema, depth, oneIn);
      case "array" -> array(schema, name, depth, oneIn);
      case "integer" -> integer(schema);
      case "boolean" -> Boolean.toString(random.nextBoolean());
      case "string" -> "\"" + string(schema, name) + "\"";
      default -> names.of(name).isEmpty() ? anything(depth) : rule();
    };
  }

  private String rule() {
    return "{\"all\":[\"" + pick(names.of("rule")) + "\"]}";
  }

  private String object(Json.Obj schema, int depth, int oneIn) {
    List<String> members = new ArrayList<>();
    List<String> required = Conformance.words(schema.members().get("required"));
    for (Map.Entry<String, Json> property :
        Conformance.members(schema.members().get("properties")).entrySet()) {
      boolean kept = required.contains(property.getKey()) || random.nextInt(3) == 0;
      if (kept && (oneIn == 0 || random.nextInt(30) > 0)) {
        String member =
            "\""
                + property.getKey()
                + "\":"
                + value((Json.Obj) property.getValue(), property.getKey(), depth + 1, oneIn);
        members.add(member);
        if (oneIn > 0 && random.nextInt(40) == 0) {
          members.add(member);
        }
      }
    }
    if (oneIn > 0 && random.nextInt(20) == 0) {
      members.add("\"" + pick(STRINGS) + "\":" + anything(depth));
    }
    return "{" + String.join(",", members) + "}";
  }

  private String array(Json.Obj schema, String name, int depth, int oneIn) {
    int length = oneIn > 0 && random.nextInt(20) == 0 ? random.nextInt(500) : random.nextInt(3);
    List<String> items = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      items.add(
          value((Json.Obj) schema.members().getOrDefault("items", schema), name, depth + 1, oneIn));
    }
    return "[" + String.join(",", items) + "]";
  }

  private String integer(Json.Obj schema) {
    long min = schema.members().get("minimum") instanceof Json.Num n ? n.value() : 0;
    long max = schema.members().get("maximum") instanceof Json.Num n ? n.value() : 100;
    return switch (random.nextInt(6)) {
      case 0 -> Long.toString(min);
      case 1 -> Long.toString(max);
      case 2 -> Long.toString(min - 1);
      case 3 -> max == Long.MAX_VALUE ? "9223372036854775808" : Long.toString(max + 1);
      default -> Long.toString(min + random.nextInt((int) Math.min(1000, max - min) + 1));
    };
  }

  private String string(Json.Obj schema, String name) {
    List<String> known = names.of(name);
    if (!known.isEmpty() && random.nextInt(4) > 0) {
      return pick(known);
    }
    List<String> words = Conformance.words(schema.members().get("enum"));
    // Of keys only those are asked for that are made in no time.
    List<String> quick =
        words.stream().filter(w -> !w.startsWith("rsa-p") && !w.startsWith("slh")).toList();
    if (!quick.isEmpty()) {
      return pick(quick);
    }
    return switch (Conformance.text(schema.members().get("format"))) {
      case "uuid" -> new UUID(random.nextLong(), random.nextLong()).toString();
      case "date-time" -> "20" + (10 + random.nextInt(80)) + "-01-01T00:00:00Z";
      case "byte" -> {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        yield Base64.getEncoder().encodeToString(bytes);
      }
      default -> random.nextInt(4) == 0 ? pick(STRINGS) : "n" + random.nextInt(50);
    };
  }

  /** A value of any kind, whatever was asked for. */
  private String anything(int depth) {
    return switch (random.nextInt(9)) {
      case 0 -> "null";
      case 1 -> pick(NUMBERS);
      case 2 -> "true";
      case 3 -> "[]";
      case 4 -> "{}";
      case 5 -> "[".repeat(80) + "]".repeat(80);
      case 6 -> depth < 4 ? "{\"" + pick(STRINGS) + "\":" + anything(depth + 1) + "}" : "0";
      default -> "\"" + pick(STRINGS) + "\"";
    };
  }

  /** A hostile string as it is, not escaped for JSON. */
  String hostile() {
    return plain(pick(STRINGS));
  }

  /** All of them. */
  static List<String> allHostile() {
    return STRINGS.stream().map(HostileJson::plain).toList();
  }

  private static String plain(String escaped) {
    return escaped
        .replace("\\u0000", "\0")
        .replace("\\n", "\n")
        .replace("\\r", "\r")
        .replace("\\u202e", "\u202e");
  }

  String pick(List<String> all) {
    return all.get(random.nextInt(all.size()));
  }
}
