package dev.otasigner.device.transport;

import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A server and the port it is dialled on. */
public record Route(String host, int port) {

  /**
   * The routes a profile names: its ports in their order, on each all servers.
   *
   * @param portMap ports that stand in for others, as where a listener cannot have its own
   */
  public static List<Route> of(Profile profile, Map<Integer, Integer> portMap) {
    List<Route> routes = new ArrayList<>();
    for (int port : profile.ports()) {
      for (String server : profile.servers()) {
        routes.add(new Route(server, portMap.getOrDefault(port, port)));
      }
    }
    return routes;
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
