package dev.otasigner.service.listeners;

import java.net.InetAddress;
import java.util.Set;

/** Where the service never connects to, whoever names it. */
public final class OutboundAddress {
  /** Metadata services that are not link-local: AWS over IPv6, Alibaba. */
  private static final Set<String> METADATA = Set.of("fd00:ec2:0:0:0:0:0:254", "100.100.100.200");

  private OutboundAddress() {}

  /** Link-local, multicast and unspecified addresses, and those that give out credentials. */
  public static boolean isRefused(InetAddress address) {
    return address.isLinkLocalAddress()
        || address.isMulticastAddress()
        || address.isAnyLocalAddress()
        || METADATA.contains(address.getHostAddress());
  }
}
