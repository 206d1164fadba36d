package dev.otasigner.keys.pkcs11;

import dev.otasigner.verifier.Bytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Where a token and a key in it lie, as RFC 7512 writes it: {@code
 * pkcs11:token=fleet;object=image?module-path=/usr/lib/softhsm/libsofthsm2.so}.
 *
 * <p>Stricter than the RFC: an attribute that is not listed here is refused by its name, for a
 * condition that was not understood would be one that is not met. So is {@code pin-value}: a PIN
 * does not stand in an argument or a file of settings.
 *
 * @param token label of the token
 * @param serial serial number of the token
 * @param manufacturer of the token
 * @param model of the token
 * @param slotId number of the slot, which many modules change whenever they like
 * @param object label of the key
 * @param id CKA_ID of the key
 * @param modulePath the module's shared library
 * @param pinSource the file that the PIN stands in
 */
public record Pkcs11Uri(
    Optional<String> token,
    Optional<String> serial,
    Optional<String> manufacturer,
    Optional<String> model,
    OptionalLong slotId,
    Optional<String> object,
    Optional<Bytes> id,
    Optional<Path> modulePath,
    Optional<Path> pinSource) {
  static final String SCHEME = "pkcs11:";

  private static final int MAX_CHARACTERS = 4096;
  private static final int MAX_ID_BYTES = 128;
  private static final int MAX_SLOT_DIGITS = 18;
  private static final Set<String> PATH =
      Set.of("token", "serial", "manufacturer", "model", "slot-id", "object", "id", "type");
  private static final Set<String> QUERY = Set.of("module-path", "pin-source");

  /** Whether a text is meant to be one, well-formed or not. */
  public static boolean isOne(String text) {
    return text.startsWith(SCHEME);
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException saying what is wrong, without repeating any value
   */
  public static Pkcs11Uri parse(String text) {
    if (!isOne(text)) {
      throw refused("it does not begin with " + SCHEME);
    }
    if (text.length() > MAX_CHARACTERS) {
      throw refused("longer than " + MAX_CHARACTERS + " characters");
    }
    int mark = text.indexOf('?');
    int end = mark < 0 ? text.length() : mark;
    Map<String, Bytes> path =
        UriAttributes.read(text.substring(SCHEME.length(), end), ';', "&", PATH);
    Map<String, Bytes> query =
        mark < 0 ? Map.of() : UriAttributes.read(text.substring(mark + 1), '&', "/?|", QUERY);
    type(path);
    return new Pkcs11Uri(
        text(path, "token"),
        text(path, "serial"),
        text(path, "manufacturer"),
        text(path, "model"),
        slot(path),
        text(path, "object"),
        id(path),
        text(query, "module-path").map(value -> absolute("module-path", value)),
        text(query, "pin-source").map(Pkcs11Uri::file));
  }

  /** The same place without what names a key in it. */
  public Pkcs11Uri ofToken() {
    return new Pkcs11Uri(
        token,
        serial,
        manufacturer,
        model,
        slotId,
        Optional.empty(),
        Optional.empty(),
        modulePath,
        pinSource);
  }

  /** The same place, for those who have opened the token. */
  public Pkcs11Uri withoutPinSource() {
    return new Pkcs11Uri(
        token, serial, manufacturer, model, slotId, object, id, modulePath, Optional.empty());
  }

  private static void type(Map<String, Bytes> attributes) {
    Optional<String> type = text(attributes, "type");
    if (type.isPresent() && !type.get().equals("private")) {
      throw refused("type is something else than private, which the key that signs is");
    }
  }

  private static Optional<String> text(Map<String, Bytes> attributes, String name) {
    return Optional.ofNullable(attributes.get(name)).map(value -> UriAttributes.text(name, value));
  }

  private static OptionalLong slot(Map<String, Bytes> attributes) {
    Optional<String> value = text(attributes, "slot-id");
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    String digits = value.get();
    if (digits.length() > MAX_SLOT_DIGITS || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw refused("slot-id is not a number");
    }
    return OptionalLong.of(Long.parseLong(digits));
  }

  private static Optional<Bytes> id(Map<String, Bytes> attributes) {
    Optional<Bytes> id = Optional.ofNullable(attributes.get("id"));
    if (id.isPresent() && id.get().length() > MAX_ID_BYTES) {
      throw refused("id is longer than " + MAX_ID_BYTES + " bytes");
    }
    return id;
  }

  /** RFC 8089: {@code file:/path} or {@code file:///path}; nothing is fetched or run for a PIN. */
  private static Path file(String source) {
    if (!source.startsWith("file:")) {
      throw refused("pin-source is no file: (a PIN itself must not stand there)");
    }
    String path = source.substring("file:".length());
    return absolute("pin-source", path.startsWith("///") ? path.substring(2) : path);
  }

  private static Path absolute(String name, String path) {
    if (!path.startsWith("/") || path.startsWith("//")) {
      throw refused(name + " is not an absolute path on this machine");
    }
    return Path.of(path);
  }

  static IllegalArgumentException refused(String why) {
    return new IllegalArgumentException("not a PKCS#11 URI that is understood: " + why);
  }

  /** As a URI, without the place of the PIN. */
  @Override
  public String toString() {
    StringBuilder uri = new StringBuilder(SCHEME);
    token.ifPresent(value -> add(uri, "token", value));
    serial.ifPresent(value -> add(uri, "serial", value));
    manufacturer.ifPresent(value -> add(uri, "manufacturer", value));
    model.ifPresent(value -> add(uri, "model", value));
    slotId.ifPresent(value -> add(uri, "slot-id", Long.toString(value)));
    object.ifPresent(value -> add(uri, "object", value));
    id.ifPresent(value -> UriAttributes.write(uri, ';', "id", value.toByteArray()));
    modulePath.ifPresent(
        value ->
            UriAttributes.write(
                uri, '?', "module-path", value.toString().getBytes(StandardCharsets.UTF_8)));
    return uri.toString();
  }

  private static void add(StringBuilder uri, String name, String value) {
    UriAttributes.write(uri, ';', name, value.getBytes(StandardCharsets.UTF_8));
  }
}
