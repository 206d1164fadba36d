package dev.otasigner.device.transport;

import java.net.InetSocketAddress;

/**
 * What a connection turned out to be, as its session says.
 *
 * @param protocol such as {@code TLSv1.2}
 */
public record Negotiated(String protocol, String suite, InetSocketAddress address) {
  @Override
  public String toString() {
    return protocol + " " + suite;
  }
}
