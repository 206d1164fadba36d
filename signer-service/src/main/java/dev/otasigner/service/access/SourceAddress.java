package dev.otasigner.service.access;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** What stands for one client among network addresses. */
final class SourceAddress {
  private static final int NETWORK_BYTES = 8;

  private SourceAddress() {}

  /** Of IPv6 the /64, whose addresses are one client's to choose from; else what was given. */
  static String of(String address) {
    if (address.indexOf(':') < 0) {
      return address;
    }
    int zone = address.indexOf('%');
    String literal = zone < 0 ? address : address.substring(0, zone);
    try {
      // In brackets nothing but a literal is taken: no name is looked up.
      return InetAddress.getByName("[" + literal + "]") instanceof Inet6Address six
          ? network(six)
          : address;
    } catch (UnknownHostException e) {
      return address;
    }
  }

  private static String network(Inet6Address address) {
    byte[] bytes = address.getAddress();
    Arrays.fill(bytes, NETWORK_BYTES, bytes.length, (byte) 0);
    try {
      return InetAddress.getByAddress(bytes).getHostAddress() + "/64";
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
