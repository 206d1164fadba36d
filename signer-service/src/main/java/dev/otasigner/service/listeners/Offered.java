package dev.otasigner.service.listeners;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.net.SSLHostConfig;

/**
 * What a connector that runs offers, read off it: where it is bound, and the versions and suites
 * that a client can agree on with it.
 *
 * @param versions none without TLS
 */
record Offered(String address, int port, List<String> versions, List<String> suites) {

  /**
   * Reads a connector that has started.
   *
   * @param keys algorithms of the keys that it shows: a suite of TLS 1.2 for another is never
   *     agreed
   */
  static Offered by(Connector connector, Set<String> keys) {
    String address = "all";
    if (connector.getProtocolHandler() instanceof AbstractProtocol<?> protocol) {
      InetAddress bound = protocol.getAddress();
      address = bound == null || bound.isAnyLocalAddress() ? "all" : bound.getHostAddress();
    }
    List<String> versions = List.of();
    List<String> suites = List.of();
    for (SSLHostConfig config : connector.findSslHostConfigs()) {
      List<String> spoken = List.copyOf(Arrays.asList(config.getEnabledProtocols()));
      versions = spoken;
      suites =
          Arrays.stream(config.getEnabledCiphers())
              .filter(suite -> spoken.contains(TlsPolicy.versionOf(suite)))
              .filter(suite -> isFor(suite, keys))
              .toList();
    }
    return new Offered(address, connector.getLocalPort(), versions, suites);
  }

  private static boolean isFor(String suite, Set<String> keys) {
    return suite.contains("_ECDSA_")
        ? keys.contains("EC")
        : !suite.contains("_RSA_") || keys.contains("RSA");
  }
}
