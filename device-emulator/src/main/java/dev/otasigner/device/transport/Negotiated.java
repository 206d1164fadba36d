package dev.otasigner.device.transport;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * What a connection turned out to be: protocol and suite as its session says, the group as the
 * server's own bytes say.
 *
 * @param protocol such as {@code TLSv1.2}
 * @param group of the key exchange; nothing where there is none, as when the server's RSA key
 *     carries the secret
 * @param address of the server, or of the proxy it was reached through
 */
public record Negotiated(
    String protocol, String suite, Optional<String> group, InetSocketAddress address) {
  @Override
  public String toString() {
    return protocol + " " + suite + group.map(g -> " " + g).orElse("");
  }
}
