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

  /**
   * The members of this object.
   *
   * @param path where it stands in its document, for error texts; empty at the top
   */
  public Fields(Json.Obj object, String path) {
    this.object = object;
    this.path = path;
  }

  /** The object itself, with the members that nobody asks for. */
  public Json.Obj json() {
    return object;
  }

  /** Whether there is such a member, of whatever kind; null is one. */
  public boolean has(String name) {
    return object.members().containsKey(name);
  }

  /** Names of all members, in the order read. */
  public Set<String> names() {
    return object.members().keySet();
  }

  /**
   * Demands {@code schema} to be 1 and every name in {@code critical}, which may be absent, to be
   * known.
   *
   * @throws RejectedException UNSUPPORTED_VERSION for another schema, UNSUPPORTED_CRITICAL for a
   *     name not in {@code knownCritical}, LIMIT_EXCEEDED for more than 32 names, MALFORMED when
   *     {@code schema} is missing, or either member is not of its kind or below zero
   */
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

  /**
   * A string.
   *
   * @throws RejectedException MALFORMED when it is missing or of another kind
   */
  public String string(String name) throws RejectedException {
    return member(name, Json.Str.class, "string").value();
  }

  /**
   * A string, or empty when there is no such member.
   *
   * @throws RejectedException MALFORMED when it is of another kind
   */
  public Optional<String> optionalString(String name) throws RejectedException {
    return has(name) ? Optional.of(string(name)) : Optional.empty();
  }

  /**
   * A string that is one of the house's names: {@code [a-z0-9-]{1,32}}.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or no name
   */
  public String name(String name) throws RejectedException {
    String value = string(name);
    if (!NAME.matcher(value).matches()) {
      throw malformed(name, "a name of [a-z0-9-]{1,32} is expected");
    }
    return value;
  }

  /** Whether it is one of the house's names: {@code [a-z0-9-]{1,32}}. */
  public static boolean isName(String value) {
    return NAME.matcher(value).matches();
  }

  /**
   * An integer within these bounds, which both belong to it.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or out of bounds
   */
  public long integer(String name, long min, long max) throws RejectedException {
    long value = member(name, Json.Num.class, "integer").value();
    if (value < min || value > max) {
      throw malformed(name, "an integer from " + min + " to " + max + " is expected");
    }
    return value;
  }

  /**
   * An unsigned 32-bit integer.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or out of bounds
   */
  public long u32(String name) throws RejectedException {
    return integer(name, 0, 0xffff_ffffL);
  }

  /**
   * True or false.
   *
   * @throws RejectedException MALFORMED when it is missing or of another kind
   */
  public boolean bool(String name) throws RejectedException {
    return member(name, Json.Bool.class, "boolean").value();
  }

  /**
   * A time in the one spelling of {@link Times}, to the second.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or otherwise spelt
   */
  public Instant time(String name) throws RejectedException {
    try {
      return Times.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  /**
   * A SHA-256 in 64 lower-case hex digits.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or otherwise spelt
   */
  public Digest digest(String name) throws RejectedException {
    try {
      return Digest.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  /**
   * A version in the exact form of {@link ImageVersion#parse}.
   *
   * @throws RejectedException MALFORMED when it is missing, of another kind or otherwise spelt
   */
  public ImageVersion version(String name) throws RejectedException {
    try {
      return ImageVersion.parse(string(name));
    } catch (RejectedException e) {
      throw e.in(where(name));
    }
  }

  /**
   * Bytes in standard base64 with padding.
   *
   * @param maxBytes a text longer than so many bytes need is not decoded
   * @throws RejectedException LIMIT_EXCEEDED for a longer text; MALFORMED when it is missing, of
   *     another kind or otherwise spelt
   */
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

  /**
   * Bytes in lower-case hex.
   *
   * @param maxBytes a text of more than twice as many digits is not decoded
   * @throws RejectedException LIMIT_EXCEEDED for a longer text; MALFORMED when it is missing, of
   *     another kind or otherwise spelt
   */
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

  /**
   * An object.
   *
   * @throws RejectedException MALFORMED when it is missing or of another kind
   */
  public Fields object(String name) throws RejectedException {
    return new Fields(member(name, Json.Obj.class, "object"), where(name));
  }

  /**
   * An object, or empty when there is no such member.
   *
   * @throws RejectedException MALFORMED when it is of another kind
   */
  public Optional<Fields> optionalObject(String name) throws RejectedException {
    return has(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /**
   * The array's items, of whatever kinds.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more than {@code maxItems}; MALFORMED when it is
   *     missing or of another kind
   */
  public List<Json> array(String name, int maxItems) throws RejectedException {
    List<Json> items = member(name, Json.Arr.class, "array").items();
    if (items.size() > maxItems) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, where(name) + ": more than " + maxItems + " items");
    }
    return items;
  }

  /**
   * The array's items, each an object.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more than {@code maxItems}; MALFORMED when it is
   *     missing, or it or an item is of another kind
   */
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

  /**
   * The array's items, each a string.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more than {@code maxItems}; MALFORMED when it is
   *     missing, or it or an item is of another kind
   */
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

  /**
   * The array's items, each a SHA-256 in 64 lower-case hex digits.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more than {@code maxItems}; MALFORMED when it is
   *     missing, or it or an item is anything else
   */
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
   * The enum constant that {@code byCode} finds for the string.
   *
   * @param what the kind of constant, for the error text
   * @throws RejectedException MALFORMED when it is missing, of another kind or a code that is not
   *     found
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

  /** A refusal of the member {@code name}, MALFORMED: for the caller to throw. */
  public RejectedException malformed(String name, String what) {
    return new RejectedException(Reason.MALFORMED, where(name) + ": " + what);
  }

  /** The path of a member in its document, with dots between names. */
  public String where(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private <T extends Json> T member(String name, Class<T> kind, String expected)
      throws RejectedException {
    Json value = object.members().get(name);
    if (value == null) {
      throw malformed(name, "missing");
    }
    if (!kind.isInstance(value)) {
      throw new RejectedException(Reason.MALFORMED, where(name), expected, value.kind());
    }
    return kind.cast(value);
  }

  private static String abbreviate(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }
}
