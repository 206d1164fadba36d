package dev.otasigner.cli.ceremony;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * One JSON object, written as JSON or as YAML. What two readers could take for different things is
 * refused: names that come twice, aliases, tags, several documents, numbers that are not whole.
 */
final class PlanText {
  static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_DEPTH = 8;

  private PlanText() {}

  /**
   * Reads a file.
   *
   * @throws RejectedException MALFORMED, LIMIT_EXCEEDED
   */
  static Json.Obj read(Path file) throws IOException, RejectedException {
    return read(ByteSource.of(file).readAll(MAX_BYTES));
  }

  static Json.Obj read(byte[] bytes) throws RejectedException {
    return isJson(bytes) ? JsonReader.readObject(bytes, MAX_BYTES).json() : yaml(text(bytes));
  }

  private static boolean isJson(byte[] bytes) {
    for (byte b : bytes) {
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return b == '{';
      }
    }
    return false;
  }

  private static String text(byte[] bytes) throws RejectedException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new RejectedException(Reason.MALFORMED, "UTF-8 is expected");
    }
  }

  private static Json.Obj yaml(String text) throws RejectedException {
    LoadSettings settings =
        LoadSettings.builder()
            .setAllowDuplicateKeys(false)
            .setAllowRecursiveKeys(false)
            .setMaxAliasesForCollections(0)
            .setCodePointLimit(MAX_BYTES)
            .build();
    try {
      Object read = new Load(settings).loadFromString(text);
      if (json(read, "", 0) instanceof Json.Obj object) {
        return object;
      }
    } catch (YamlEngineException e) {
      throw new RejectedException(Reason.MALFORMED, "YAML: " + e.getMessage());
    }
    throw new RejectedException(Reason.MALFORMED, "names and values are expected");
  }

  private static Json json(@Nullable Object value, String where, int depth)
      throws RejectedException {
    if (depth > MAX_DEPTH) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, where + ": nested deeper than " + MAX_DEPTH);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Json> members = new LinkedHashMap<>();
      for (Map.Entry<?, ?> member : map.entrySet()) {
        if (!(member.getKey() instanceof String name)) {
          throw new RejectedException(
              Reason.MALFORMED, where + ": " + member.getKey() + " is no name; put it in quotes");
        }
        members.put(
            name, json(member.getValue(), where.isEmpty() ? name : where + "." + name, depth + 1));
      }
      return new Json.Obj(members);
    }
    if (value instanceof List<?> list) {
      List<Json> items = new ArrayList<>();
      for (Object item : list) {
        items.add(json(item, where + "[" + items.size() + "]", depth + 1));
      }
      return new Json.Arr(items);
    }
    if (value instanceof String string) {
      return new Json.Str(string);
    }
    if (value instanceof Integer || value instanceof Long) {
      return new Json.Num(((Number) value).longValue());
    }
    if (value instanceof Boolean bool) {
      return new Json.Bool(bool);
    }
    throw new RejectedException(
        Reason.MALFORMED, where + ": a text, a whole number, true or false is expected");
  }
}
