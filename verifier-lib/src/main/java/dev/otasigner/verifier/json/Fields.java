package dev.otasigner.verifier.json;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Typed, bounded access to the members of one JSON object; every refusal names the field's path. A
 * missing or mistyped member is {@link Reason#MALFORMED}; an unknown member is ignored, and stays
 * under the signature because documents are kept as received.
 */
public final class Fields {
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,32}");

  private final Json.Obj object;
  private final String path;

  public Fields(Json.Obj object, String path) {
    this.object = object;
    this.path = path;
  }

  public Json.Obj json() {
    return object;
  }

  public boolean has(String name) {
    return object.members().containsKey(name);
  }

  public Set<String> names() {
    return object.members().keySet();
  }

  /** Demands {@code schema} to be 1 and every name in {@code critical} to be known. */
  public void requireSchema(Set<String> knownCritical) throws RejectedException {
    long schema = integer("schema", 0, Integer.MAX_VALUE);
    if (schema != 1) {
      throw new RejectedException(Reason.UNSUPPORTED_VERSION, where("schema"), 1, schema);
    }
    if (has("critical")) {
      for (String name : strings("critical", 32)) {
        if (!knownCritical.contains(name)) {
          throw new RejectedException(
              Reason.UNSUPPORTED_CRITICAL,
              where("critical") + ": this reader does not know '" + name + "'");
        }
      }
    }
  }

  public String string(String name) throws RejectedException {
    if (member(name) instanceof Json.Str string) {
      return string.value();
    }
    throw wrongKind(name, "string");
  }

  public Optional<String> optionalString(String name) throws RejectedException {
    return has(name) ? Optional.of(string(name)) : Optional.empty();
  }

  /** A string that is one of the house's names: {@code [a-z0-9-]{1,32}}. */
  public String name(String name) throws RejectedException {
    String value = string(name);
    if (!NAME.matcher(value).matches()) {
      throw malformed(name, "a name of [a-z0-9-]{1,32} is expected");
    }
    return value;
  }

  public static boolean isName(String value) {
    return NAME.matcher(value).matches();
  }

  public long integer(String name, long min, long max) throws RejectedException {
    if (!(member(name) instanceof Json.Num number)) {
      throw wrongKind(name, "integer");
    }
    if (number.value() < min || number.value() > max) {
      throw malformed(name, "an integer from " + min + " to " + max + " is expected");
    }
    return number.value();
  }

  /** An unsigned 32-bit integer. */
  public long u32(String name) throws RejectedException {
    return integer(name, 0, 0xffff_ffffL);
  }

  public boolean bool(String name) throws RejectedException {
    if (member(name) instanceof Json.Bool bool) {
      return bool.value();
    }
    throw wrongKind(name, "boolean");
  }

  public Instant time(String name) throws RejectedException {
    try {
      return Times.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  public Digest digest(String name) throws RejectedException {
    try {
      return Digest.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  public ImageVersion version(String name) throws RejectedException {
    try {
      return ImageVersion.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  public Bytes base64(String name, int maxBytes) throws RejectedException {
    String text = string(name);
    if (text.length() > 4 * (((long) maxBytes + 2) / 3)) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, where(name) + ": over " + maxBytes + " bytes");
    }
    try {
      return Bytes.ofBase64(text);
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  public Bytes hex(String name, int maxBytes) throws RejectedException {
    String text = string(name);
    if (text.length() > 2L * maxBytes) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, where(name) + ": over " + maxBytes + " bytes");
    }
    try {
      return Bytes.ofHex(text);
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  public Fields object(String name) throws RejectedException {
    if (member(name) instanceof Json.Obj child) {
      return new Fields(child, where(name));
    }
    throw wrongKind(name, "object");
  }

  public Optional<Fields> optionalObject(String name) throws RejectedException {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /** The array's items, at most {@code maxItems}. */
  public List<Json> array(String name, int maxItems) throws RejectedException {
    if (!(member(name) instanceof Json.Arr array)) {
      throw wrongKind(name, "array");
    }
    if (array.items().size() > maxItems) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, where(name) + ": more than " + maxItems + " items");
    }
    return array.items();
  }

  /** The array's items, each an object, at most {@code maxItems}. */
  public List<Fields> objects(String name, int maxItems) throws RejectedException {
    List<Fields> result = new ArrayList<>();
    int i = 0;
    for (Json item : array(name, maxItems)) {
      if (!(item instanceof Json.Obj child)) {
        throw malformed(name, "item " + i + " is not an object");
      }
      result.add(new Fields(child, where(name) + "[" + i + "]"));
      i++;
    }
    return result;
  }

  /** The array's items, each a string, at most {@code maxItems}. */
  public List<String> strings(String name, int maxItems) throws RejectedException {
    List<String> result = new ArrayList<>();
    for (Json item : array(name, maxItems)) {
      if (!(item instanceof Json.Str string)) {
        throw malformed(name, "an array of strings is expected");
      }
      result.add(string.value());
    }
    return result;
  }

  public List<Digest> digests(String name, int maxItems) throws RejectedException {
    List<Digest> result = new ArrayList<>();
    for (String text : strings(name, maxItems)) {
      try {
        result.add(Digest.parse(text));
      } catch (RejectedException e) {
        throw e.in(where(name));
      }
    }
    return result;
  }

  /**
   * The enum constant that {@code byCode} finds for the string, or a refusal that names the code.
   */
  public <E> E oneOf(
      String name, java.util.function.Function<String, @Nullable E> byCode, String what)
      throws RejectedException {
    String code = string(name);
    E value = byCode.apply(code);
    if (value == null) {
      throw malformed(name, "'" + abbreviate(code) + "' is not a known " + what);
    }
    return value;
  }

  /** All members with their names, in the order read. */
  public Map<String, Json> members() {
    return object.members();
  }

  /** A refusal of the member {@code name}. */
  public RejectedException malformed(String name, String what) {
    return new RejectedException(Reason.MALFORMED, where(name) + ": " + what);
  }

  public String where(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private Json member(String name) throws RejectedException {
    Json value = object.members().get(name);
    if (value == null) {
      throw malformed(name, "missing");
    }
    return value;
  }

  private RejectedException wrongKind(String name, String expected) {
    Json value = object.members().get(name);
    return new RejectedException(
        Reason.MALFORMED, where(name), expected, value == null ? "nothing" : value.kind());
  }

  private static String abbreviate(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }
}
