package dev.otasigner.device.transport;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP proxy that a device dials out through, with CONNECT (RFC 9110 section 9.3.6).
 *
 * @param address a host name or an IP address, 64 characters at most
 * @param port 1 to 65535
 * @param login for proxies that ask who is there
 */
public record HttpProxy(String address, int port, Optional<Login> login) {
  static final int MAX_ADDRESS = 64;
  static final int MAX_USER = 32;
  static final int MAX_PASSWORD = 32;
  private static final int MAX_JSON = 4096;

  public HttpProxy {
    requireLength("proxy address", address, 1, MAX_ADDRESS);
    if (!Route.isHost(address)) {
      throw new IllegalArgumentException(
          "proxy address: a host name or an IP address is expected, not '"
              + printable(address)
              + "'");
    }
    requirePort(port);
  }

  /**
   * A user and a password, RFC 7617.
   *
   * @param user 1 to 32 characters, no colon
   * @param password 32 characters at most; never shown
   */
  public record Login(String user, String password) {
    public Login {
      requireLength("proxy user", user, 1, MAX_USER);
      requireLength("proxy password", password, 0, MAX_PASSWORD);
      requireNoControl("proxy user", user);
      requireNoControl("proxy password", password);
      if (user.indexOf(':') >= 0) {
        throw new IllegalArgumentException("proxy user: no colon is allowed in it (RFC 7617)");
      }
    }

    @Override
    public String toString() {
      return "user " + user;
    }
  }

  /**
   * Reads {@code host:port}, the form of the command line; an IPv6 address stands in brackets.
   *
   * @throws IllegalArgumentException that names the field, its limit and what was found
   */
  public static HttpProxy of(String hostAndPort, Optional<Login> login) {
    int colon = hostAndPort.lastIndexOf(':');
    String host = colon < 0 ? "" : hostAndPort.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "proxy address: HOST:PORT is expected, with an IPv6 address in brackets");
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("proxy address: HOST:PORT is expected");
    }
    return new HttpProxy(host, port(hostAndPort.substring(colon + 1)), login);
  }

  private static int port(String text) {
    // Longer numbers are out of range however they go on.
    if (!text.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException(
          "proxy port: a number from 1 to 65535 is expected, not '" + printable(text) + "'");
    }
    return requirePort(Integer.parseInt(text));
  }

  private static int requirePort(int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "proxy port: a number from 1 to 65535 is expected, not " + port);
    }
    return port;
  }

  private static void requireLength(String field, String text, int min, int max) {
    int length = text.codePointCount(0, text.length());
    if (length < min || length > max) {
      throw new IllegalArgumentException(
          field + ": " + min + " to " + max + " characters are expected, not " + length);
    }
  }

  private static void requireNoControl(String field, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw new IllegalArgumentException(
            field + ": a control character stands at position " + (i + 1));
      }
    }
  }

  /** What was typed, for an error: short and without anything that a terminal obeys. */
  private static String printable(String text) {
    String safe = text.replaceAll("[^ -~]", "?");
    return safe.length() > MAX_ADDRESS ? safe.substring(0, MAX_ADDRESS) + "..." : safe;
  }

  /** Reads what {@link #toBytes} wrote; nothing for the type {@code none}. */
  public static Optional<HttpProxy> read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_JSON);
    String type = fields.string("type");
    if (type.equals("none")) {
      return Optional.empty();
    }
    if (!type.equals("http")) {
      throw fields.malformed("type", "none or http is expected");
    }
    Optional<String> user = fields.optionalString("user");
    try {
      Optional<Login> login = Optional.empty();
      if (user.isPresent()) {
        login = Optional.of(new Login(user.get(), fields.string("password")));
      }
      return Optional.of(
          new HttpProxy(fields.string("address"), (int) fields.integer("port", 1, 65535), login));
    } catch (IllegalArgumentException e) {
      throw fields.malformed("proxy", String.valueOf(e.getMessage()));
    }
  }

  /** The setting as it is kept, password included. */
  public static byte[] toBytes(Optional<HttpProxy> proxy) {
    if (proxy.isEmpty()) {
      return Json.object().put("type", "none").build().canonicalBytes();
    }
    HttpProxy http = proxy.get();
    @Nullable String user = http.login.map(Login::user).orElse(null);
    @Nullable String password = http.login.map(Login::password).orElse(null);
    return Json.object()
        .put("type", "http")
        .put("address", http.address)
        .put("port", http.port)
        .put("user", user)
        .put("password", password)
        .build()
        .canonicalBytes();
  }

  /** The value of Proxy-Authorization. */
  Optional<String> authorization() {
    return login.map(
        l ->
            "Basic "
                + Base64.getEncoder()
                    .encodeToString(
                        (l.user() + ":" + l.password()).getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public String toString() {
    return Route.bracketed(address) + ":" + port + login.map(l -> ", " + l).orElse("");
  }
}
