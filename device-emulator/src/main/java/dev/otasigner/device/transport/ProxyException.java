package dev.otasigner.device.transport;

import java.io.IOException;

/** The proxy is in the way. */
public final class ProxyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean onEveryRoute;

  private ProxyException(String message, boolean onEveryRoute, IOException cause) {
    super(message, cause);
    this.onEveryRoute = onEveryRoute;
  }

  private ProxyException(String message, boolean onEveryRoute) {
    super(message);
    this.onEveryRoute = onEveryRoute;
  }

  /** 407, and 401 of proxies that answer a wrong password so. */
  static ProxyException unauthorized(HttpProxy proxy, int status) {
    String found =
        proxy
            .login()
            .map(l -> "did not take the password of user " + l.user())
            .orElse("asks for a user and a password, and none is set");
    return new ProxyException(
        "proxy authentication failed: " + name(proxy) + " " + found + " (HTTP " + status + ")",
        true);
  }

  static ProxyException refused(HttpProxy proxy, Route route, int status) {
    return new ProxyException(
        "proxy " + name(proxy) + " does not connect to " + route + ": HTTP " + status, false);
  }

  static ProxyException unreachable(HttpProxy proxy, IOException cause) {
    return new ProxyException(
        "proxy " + name(proxy) + " is not reached: " + cause.getMessage(), true, cause);
  }

  static ProxyException broken(HttpProxy proxy, String how) {
    return new ProxyException("proxy " + name(proxy) + ": " + how, false);
  }

  static ProxyException behind(HttpProxy proxy, Route route, IOException cause) {
    return new ProxyException(
        route + " through proxy " + name(proxy) + ": " + cause.getMessage(), false, cause);
  }

  /** Whether another server or port would meet the same. */
  boolean isOnEveryRoute() {
    return onEveryRoute;
  }

  private static String name(HttpProxy proxy) {
    return Route.bracketed(proxy.address()) + ":" + proxy.port();
  }
}
