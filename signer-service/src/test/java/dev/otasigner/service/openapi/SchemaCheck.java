package dev.otasigner.service.openapi;

import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** As much of JSON Schema as our document uses; what it does not use is refused, not ignored. */
final class SchemaCheck {
  private final Json.Obj document;
  private final String where;

  SchemaCheck(Json.Obj document, String where) {
    this.document = document;
    this.where = where;
  }

  void check(Json value, Json.Obj schema, String path) {
    if (schema.members().get("$ref") instanceof Json.Str ref) {
      String name = ref.value().substring("#/components/schemas/".length());
      Json target = Conformance.at(document, "components", "schemas", name);
      check(value, (Json.Obj) require(target, path, "no schema " + name), path);
      return;
    }
    switch (Conformance.text(schema.members().get("type"))) {
      case "" -> require(schema.members().isEmpty() ? value : null, path, "a schema without type");
      case "object" -> object(value, schema, path);
      case "array" -> array(value, schema, path);
      case "string" -> string(value, schema, path);
      case "integer" -> integer(value, schema, path);
      case "boolean" -> that(value instanceof Json.Bool, path, "a boolean is expected");
      default -> throw wrong(path, "a schema of another type");
    }
  }

  private void object(Json value, Json.Obj schema, String path) {
    if (!(value instanceof Json.Obj object)) {
      throw wrong(path, "an object is expected");
    }
    Map<String, Json> properties = Conformance.members(schema.members().get("properties"));
    Json others = schema.members().get("additionalProperties");
    object
        .members()
        .forEach(
            (name, member) -> {
              Json known =
                  properties.getOrDefault(
                      name, others == null ? Json.strings(java.util.List.of()) : others);
              that(known instanceof Json.Obj, path + "." + name, "the document has no such member");
              check(member, (Json.Obj) known, path + "." + name);
            });
    for (String name : Conformance.words(schema.members().get("required"))) {
      that(object.members().containsKey(name), path + "." + name, "this member is required");
    }
  }

  private void array(Json value, Json.Obj schema, String path) {
    if (!(value instanceof Json.Arr array)) {
      throw wrong(path, "an array is expected");
    }
    Json.Obj items = (Json.Obj) require(schema.members().get("items"), path, "no items");
    for (int i = 0; i < array.items().size(); i++) {
      check(array.items().get(i), items, path + "[" + i + "]");
    }
  }

  private void string(Json value, Json.Obj schema, String path) {
    if (!(value instanceof Json.Str string)) {
      throw wrong(path, "a string is expected");
    }
    String text = string.value();
    if (schema.members().get("pattern") instanceof Json.Str pattern) {
      that(
          Pattern.compile(pattern.value()).matcher(text).find(), path, text + " is not " + pattern);
    }
    if (schema.members().get("enum") instanceof Json.Arr words) {
      that(Conformance.words(words).contains(text), path, text + " is no word of the list");
    }
    if (schema.members().get("minLength") instanceof Json.Num min) {
      that(text.length() >= min.value(), path, "too short");
    }
    if (schema.members().get("maxLength") instanceof Json.Num max) {
      that(text.length() <= max.value(), path, "too long");
    }
    try {
      switch (Conformance.text(schema.members().get("format"))) {
        case "uuid" -> that(UUID.fromString(text).toString().equals(text), path, text);
        case "date-time" -> that(Instant.parse(text) != null, path, text);
        case "byte" -> that(Base64.getDecoder().decode(text) != null, path, text);
        default -> {}
      }
    } catch (IllegalArgumentException | DateTimeParseException e) {
      throw wrong(path, text + " is of another format");
    }
  }

  private void integer(Json value, Json.Obj schema, String path) {
    if (!(value instanceof Json.Num number)) {
      throw wrong(path, "an integer is expected");
    }
    if (schema.members().get("minimum") instanceof Json.Num min) {
      that(number.value() >= min.value(), path, number.value() + " is too small");
    }
    if (schema.members().get("maximum") instanceof Json.Num max) {
      that(number.value() <= max.value(), path, number.value() + " is too large");
    }
  }

  private void that(boolean holds, String path, String what) {
    if (!holds) {
      throw wrong(path, what);
    }
  }

  private Json require(@Nullable Json json, String path, String what) {
    if (json == null) {
      throw wrong(path, what);
    }
    return json;
  }

  private AssertionError wrong(String path, String what) {
    return new AssertionError(where + path + ": " + what);
  }
}
