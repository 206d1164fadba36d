package dev.otasigner.service;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What {@code serve} was started with.
 *
 * @param data everything the service keeps is under this directory
 * @param springArguments the same as Spring reads it
 */
record CommandLine(Path data, List<String> springArguments) {
  static final String USAGE =
      "signer serve [--data DIR] [--port N] [--listen ADDRESS] [--name HOST]...";

  CommandLine {
    springArguments = List.copyOf(springArguments);
  }

  /**
   * Reads {@code --name value} and {@code --name=value}.
   *
   * @throws IllegalArgumentException with a sentence that names the argument
   */
  static CommandLine parse(String[] args, Map<String, String> environment) {
    Path data = defaultData(environment);
    List<String> names = new ArrayList<>();
    List<String> spring = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      String[] parts = args[i].split("=", 2);
      String value = parts.length == 2 ? parts[1] : i + 1 < args.length ? args[++i] : "";
      if (value.isEmpty()) {
        throw new IllegalArgumentException(parts[0] + " needs a value");
      }
      switch (parts[0]) {
        case "--data" -> data = path(value);
        case "--port" -> spring.add("--server.port=" + port(value));
        case "--listen" -> spring.add("--signer.listeners.address=" + value);
        case "--name" -> names.add(value);
        default -> throw new IllegalArgumentException("unknown option " + parts[0]);
      }
    }
    Path absolute = data.toAbsolutePath().normalize();
    if (absolute.toString().indexOf(';') >= 0) {
      throw new IllegalArgumentException("--data must not contain a semicolon");
    }
    spring.add("--signer.data=" + absolute);
    if (!names.isEmpty()) {
      spring.add("--signer.listeners.names=" + String.join(",", names));
    }
    return new CommandLine(absolute, spring);
  }

  private static Path defaultData(Map<String, String> environment) {
    String xdg = environment.getOrDefault("XDG_DATA_HOME", "");
    String home = environment.getOrDefault("HOME", "");
    Path base =
        !xdg.isEmpty() ? path(xdg) : home.isEmpty() ? path("") : path(home).resolve(".local/share");
    return base.resolve("ota-signer");
  }

  private static Path path(String value) {
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("not a path: " + value, e);
    }
  }

  private static int port(String value) {
    try {
      int port = Integer.parseInt(value);
      if (port >= 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number out of range.
    }
    throw new IllegalArgumentException("--port takes a number from 0 to 65535, not " + value);
  }
}
