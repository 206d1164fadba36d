package dev.otasigner.verifier.json;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Strict RFC 8259 reader over a whole document. Time is in proportion to the document's length; for
 * memory see {@link #MAX_ALLOCATED_PER_BYTE}.
 */
public final class JsonReader {
  /** Nesting deeper than any contract of the house needs. */
  static final int MAX_DEPTH = 32;

  /**
   * Neither reading a document nor writing it again allocates more than this for one of its bytes,
   * all told; the worst documents are made of small objects.
   */
  public static final int MAX_ALLOCATED_PER_BYTE = 128;

  /**
   * What a document of any length may spend: a scalar or an empty container costs one, a container
   * with something in it {@link #CONTAINER_COST} more, which is about what they cost in memory.
   */
  private static final int MIN_BUDGET = 1024;

  /** A document may spend one more for so many bytes of its own. */
  private static final int BYTES_PER_VALUE = 4;

  private static final int CONTAINER_COST = 3;
  private static final Json.Obj EMPTY_OBJECT = new Json.Obj(Map.of());
  private static final Json.Arr EMPTY_ARRAY = new Json.Arr(List.of());
  private static final Json TRUE = new Json.Bool(true);
  private static final Json FALSE = new Json.Bool(false);
  private static final Json NULL = new Json.Null();

  private final String text;
  private final boolean canonical;
  private int budget;
  private int at;

  private JsonReader(String text, boolean canonical, int budget) {
    this.text = text;
    this.canonical = canonical;
    this.budget = budget;
  }

  /**
   * Reads one document. What it holds in memory is bounded by its own length: a document of little
   * but small values is refused.
   *
   * @param maxBytes the caller's limit for this kind of document
   * @throws RejectedException LIMIT_EXCEEDED for a longer document, more than 32 levels below the
   *     outermost value, or too many values; MALFORMED when it is not JSON in UTF-8, or breaks a
   *     rule of this package
   */
  public static Json read(byte[] utf8, int maxBytes) throws RejectedException {
    return read(utf8, maxBytes, false);
  }

  /**
   * Reads the bytes that {@link Json#canonicalBytes} wrote, and nothing else: what a signature is
   * over. The canonical form leaves control characters in strings as they are, so that it is not
   * always JSON.
   *
   * @param maxBytes the caller's limit for this kind of document
   * @throws RejectedException MALFORMED when the bytes are not an object in canonical form,
   *     LIMIT_EXCEEDED as {@link #read(byte[], int)}
   */
  public static Json.Obj readCanonical(byte[] bytes, int maxBytes) throws RejectedException {
    if (read(bytes, maxBytes, true) instanceof Json.Obj object
        && Arrays.equals(object.canonicalBytes(), bytes)) {
      return object;
    }
    throw new RejectedException(Reason.MALFORMED, "not a JSON object in canonical form");
  }

  private static Json read(byte[] utf8, int maxBytes, boolean canonical) throws RejectedException {
    if (utf8.length > maxBytes) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "document too long", maxBytes + " bytes", utf8.length + " bytes");
    }
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(utf8))
              .toString();
    } catch (CharacterCodingException e) {
      throw new RejectedException(Reason.MALFORMED, "not UTF-8");
    }
    JsonReader reader = new JsonReader(text, canonical, MIN_BUDGET + utf8.length / BYTES_PER_VALUE);
    Json value = reader.value(0);
    reader.space();
    if (reader.at != text.length()) {
      throw reader.malformed("text after the document");
    }
    return value;
  }

  /**
   * Reads one document that must be an object.
   *
   * @param maxBytes the caller's limit for this kind of document
   * @throws RejectedException MALFORMED when it is another value; MALFORMED and LIMIT_EXCEEDED as
   *     {@link #read(byte[], int)}
   */
  public static Fields readObject(byte[] utf8, int maxBytes) throws RejectedException {
    if (read(utf8, maxBytes) instanceof Json.Obj object) {
      return new Fields(object, "");
    }
    throw new RejectedException(Reason.MALFORMED, "the document is not a JSON object");
  }

  private Json value(int depth) throws RejectedException {
    if (depth > MAX_DEPTH) {
      throw new RejectedException(Reason.LIMIT_EXCEEDED, "nested deeper than " + MAX_DEPTH).at(at);
    }
    spend(1);
    space();
    char c = peek();
    return switch (c) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> new Json.Str(string());
      case 't' -> word("true", TRUE);
      case 'f' -> word("false", FALSE);
      case 'n' -> word("null", NULL);
      default -> number();
    };
  }

  private void spend(int cost) throws RejectedException {
    budget -= cost;
    if (budget < 0) {
      throw new RejectedException(
              Reason.LIMIT_EXCEEDED, "more values than a document of this length may have")
          .at(at);
    }
  }

  private Json object(int depth) throws RejectedException {
    at++;
    space();
    if (peek() == '}') {
      at++;
      return EMPTY_OBJECT;
    }
    spend(CONTAINER_COST);
    Map<String, Json> members = new LinkedHashMap<>();
    while (true) {
      space();
      if (peek() != '"') {
        throw malformed("a member name is expected");
      }
      String name = string();
      space();
      expect(':');
      if (members.put(name, value(depth + 1)) != null) {
        throw malformed("member '" + name + "' stands twice");
      }
      space();
      if (peek() == ',') {
        at++;
      } else {
        expect('}');
        return new Json.Obj(members);
      }
    }
  }

  private Json array(int depth) throws RejectedException {
    at++;
    space();
    if (peek() == ']') {
      at++;
      return EMPTY_ARRAY;
    }
    spend(CONTAINER_COST);
    List<Json> items = new ArrayList<>();
    while (true) {
      items.add(value(depth + 1));
      space();
      if (peek() == ',') {
        at++;
      } else {
        expect(']');
        return new Json.Arr(items);
      }
    }
  }

  private String string() throws RejectedException {
    at++;
    StringBuilder out = null;
    int from = at;
    while (true) {
      char c = peek();
      if (c == '"') {
        String rest = text.substring(from, at);
        at++;
        String result = out == null ? rest : out.append(rest).toString();
        requireNoLoneSurrogate(result);
        return result;
      }
      if (c < 0x20 && !canonical) {
        throw malformed("control character in a string");
      }
      if (c == '\\') {
        out = out == null ? new StringBuilder() : out;
        out.append(text, from, at);
        at++;
        out.append(escape());
        from = at;
      } else {
        at++;
      }
    }
  }

  private char escape() throws RejectedException {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          char digit = peek();
          if (!HexFormat.isHexDigit(digit)) {
            throw malformed("four hex digits are expected after \\u");
          }
          code = code << 4 | HexFormat.fromHexDigit(digit);
          at++;
        }
        yield (char) code;
      }
      default -> throw malformed("unknown escape");
    };
  }

  private void requireNoLoneSurrogate(String value) throws RejectedException {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < value.length()
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw malformed("lone surrogate");
      }
    }
  }

  private Json number() throws RejectedException {
    int from = at;
    if (peek() == '-') {
      at++;
    }
    int digits = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == digits) {
      throw malformed("a value is expected");
    }
    if (text.charAt(digits) == '0' && at - digits > 1) {
      throw malformed("leading zero in a number");
    }
    if (at < text.length() && ".eE".indexOf(text.charAt(at)) >= 0) {
      throw malformed("a number with a fraction or exponent; only integers are taken");
    }
    try {
      String number = text.substring(from, at);
      if (number.equals("-0")) {
        throw malformed("negative zero");
      }
      return new Json.Num(Long.parseLong(number));
    } catch (NumberFormatException e) {
      throw malformed("integer out of the 64-bit range");
    }
  }

  private Json word(String word, Json value) throws RejectedException {
    if (!text.startsWith(word, at)) {
      throw malformed("a value is expected");
    }
    at += word.length();
    return value;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private char peek() throws RejectedException {
    if (at >= text.length()) {
      throw malformed("the document ends too early");
    }
    return text.charAt(at);
  }

  private void expect(char c) throws RejectedException {
    if (peek() != c) {
      throw malformed("'" + c + "' is expected");
    }
    at++;
  }

  private RejectedException malformed(String what) {
    return new RejectedException(Reason.MALFORMED, what + " (character " + at + ")");
  }
}
