package dev.otasigner.keys.pkcs11;

import static dev.otasigner.keys.pkcs11.Pkcs11Uri.refused;

import dev.otasigner.verifier.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** RFC 7512 section 2.3: names, values and percent-encoding. Errors never repeat a value. */
final class UriAttributes {
  private static final String UNRESERVED = "-._~";
  private static final String RESERVED = ":[]@!$'()*+,=";
  private static final int MAX_NAME = 32;

  private UriAttributes() {}

  /**
   * Reads a list of attributes.
   *
   * @param also what a value may hold unencoded besides what every value may
   */
  static Map<String, Bytes> read(String list, char separator, String also, Set<String> known) {
    Map<String, Bytes> attributes = new LinkedHashMap<>();
    int from = 0;
    while (from < list.length()) {
      int next = list.indexOf(separator, from);
      int end = next < 0 ? list.length() : next;
      String attribute = list.substring(from, end);
      int equals = attribute.indexOf('=');
      String name = equals < 0 ? "" : attribute.substring(0, equals);
      requireKnown(name, known);
      if (attributes.put(name, decode(name, attribute.substring(equals + 1), also)) != null) {
        throw refused(name + " stands twice");
      }
      if (next == list.length() - 1) {
        throw refused("it ends in a separator");
      }
      from = end + 1;
    }
    return attributes;
  }

  private static void requireKnown(String name, Set<String> known) {
    if (known.contains(name)) {
      return;
    }
    if (name.equals("pin-value")) {
      throw refused(
          "pin-value: a PIN must not stand in an argument or in settings; put it in a file of its"
              + " own and name that with pin-source=file:/path");
    }
    boolean sayable =
        !name.isEmpty()
            && name.length() <= MAX_NAME
            && name.chars().allMatch(c -> c == '-' || c == '_' || isAlphanumeric(c));
    throw refused(sayable ? "unknown attribute " + name : "an attribute without a name");
  }

  private static Bytes decode(String name, String value, String also) {
    if (value.isEmpty()) {
      throw refused(name + " is empty");
    }
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '%') {
        if (i + 2 >= value.length()
            || !HexFormat.isHexDigit(value.charAt(i + 1))
            || !HexFormat.isHexDigit(value.charAt(i + 2))) {
          throw refused("a percent sign in " + name + " is not followed by two hex digits");
        }
        decoded.write(HexFormat.fromHexDigits(value, i + 1, i + 3));
        i += 2;
      } else if (isUnencoded(c, also)) {
        decoded.write(c);
      } else {
        throw refused(name + " has a character that must be percent-encoded");
      }
    }
    return Bytes.copyOf(decoded.toByteArray());
  }

  private static boolean isUnencoded(char c, String also) {
    return isAlphanumeric(c)
        || UNRESERVED.indexOf(c) >= 0
        || RESERVED.indexOf(c) >= 0
        || also.indexOf(c) >= 0;
  }

  private static boolean isAlphanumeric(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }

  /** UTF-8 of printable characters: it will stand in messages. */
  static String text(String name, Bytes value) {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(value.toByteArray()))
              .toString();
      if (text.codePoints().noneMatch(Character::isISOControl)) {
        return text;
      }
    } catch (CharacterCodingException e) {
      // said below
    }
    throw refused(name + " is not text");
  }

  /** Appends an attribute; the first one of the path needs no separator. */
  static void write(StringBuilder uri, char separator, String name, byte[] value) {
    if (uri.charAt(uri.length() - 1) != ':') {
      uri.append(separator);
    }
    uri.append(name).append('=');
    for (byte b : value) {
      char c = (char) (b & 0xff);
      if (isAlphanumeric(c) || UNRESERVED.indexOf(c) >= 0 || separator == '?' && c == '/') {
        uri.append(c);
      } else {
        uri.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      }
    }
  }
}
