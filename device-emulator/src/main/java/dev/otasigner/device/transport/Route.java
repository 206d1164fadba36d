package dev.otasigner.device.transport;

import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * A server and the port it is reached on.
 *
 * @param host a name, or an address without brackets; nothing else, as it goes into requests
 * @param port as the profile says
 * @param dialledPort the one that is dialled
 */
public record Route(String host, int port, int dialledPort) {
  private static final int MAX_NAME = 253;
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*");

  public Route {
    if (!isHost(host) || port < 1 || port > 65535 || dialledPort < 1 || dialledPort > 65535) {
      throw new IllegalArgumentException("no server and port");
    }
  }

  public Route(String host, int port) {
    this(host, port, port);
  }

  /** Whether this can be looked up or dialled, and be written into a request. */
  static boolean isHost(String text) {
    return text.length() <= MAX_NAME
        && (NAME.matcher(text).matches() || IPV6.matcher(text).matches());
  }

  /**
   * The routes a profile names: its ports in their order, on each all servers in an order of the
   * device's own. A name that cannot be one leads nowhere.
   *
   * @param portMap ports that stand in for others, as where a listener cannot have its own
   */
  public static List<Route> of(Profile profile, Map<Integer, Integer> portMap, Random spread) {
    List<String> servers =
        new ArrayList<>(profile.servers().stream().filter(Route::isHost).distinct().toList());
    Collections.shuffle(servers, spread);
    List<Route> routes = new ArrayList<>();
    for (int port : profile.ports()) {
      for (String server : servers) {
        routes.add(new Route(server, port, portMap.getOrDefault(port, port)));
      }
    }
    return routes;
  }

  /** As it stands in a request: with the port that is dialled. */
  String authority() {
    return bracketed(host) + ":" + dialledPort;
  }

  static String bracketed(String host) {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }

  @Override
  public String toString() {
    return authority();
  }
}
