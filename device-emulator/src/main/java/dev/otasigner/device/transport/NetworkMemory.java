package dev.otasigner.device.transport;

import java.io.IOException;
import java.util.Optional;

/** What a device keeps about its network from one connection, and one start, to the next. */
public interface NetworkMemory {
  /** For a device that keeps nothing. */
  NetworkMemory NONE = of(Optional.empty());

  /** For one that keeps nothing but this. */
  static NetworkMemory of(Optional<HttpProxy> proxy) {
    return new NetworkMemory() {
      @Override
      public Optional<HttpProxy> proxy() {
        return proxy;
      }

      @Override
      public void saveProxy(Optional<HttpProxy> other) {
        throw new UnsupportedOperationException("nothing is kept here");
      }

      @Override
      public Optional<Worked> worked() {
        return Optional.empty();
      }

      @Override
      public void saveWorked(Worked route) {
        // Forgotten.
      }
    };
  }

  /**
   * The server and port that were reached last.
   *
   * @param port as the profile says
   */
  record Worked(String host, int port) {
    boolean is(Route route) {
      return route.host().equals(host) && route.port() == port;
    }

    @Override
    public String toString() {
      return Route.bracketed(host) + ":" + port;
    }
  }

  /** Nothing: dial directly. */
  Optional<HttpProxy> proxy() throws IOException;

  /** From the next connection on. */
  void saveProxy(Optional<HttpProxy> proxy) throws IOException;

  Optional<Worked> worked() throws IOException;

  /** A hint for the next time; where there is no room for it, it is forgotten. */
  void saveWorked(Worked route) throws IOException;
}
