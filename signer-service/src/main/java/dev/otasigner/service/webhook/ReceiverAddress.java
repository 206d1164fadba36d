package dev.otasigner.service.webhook;

import dev.otasigner.service.listeners.OutboundAddress;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * Where a receiver may be: https anywhere on the internet or in one's own networks, http on this
 * machine alone. Never link-local, multicast and unspecified addresses, nor those at which clouds
 * hand out credentials. Asked when it is registered, and again right before each call, since names
 * move.
 */
final class ReceiverAddress {
  private static final int MAX_CHARS = 500;

  private ReceiverAddress() {}

  /** Reads what an administrator typed. */
  static URI parse(String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw refused("a URL is expected");
    }
    if (text.length() > MAX_CHARS) {
      throw refused("a URL of over " + MAX_CHARS + " characters");
    }
    if (url.getHost() == null || url.getUserInfo() != null || url.getFragment() != null) {
      throw refused("a URL of a host, without user and fragment, is expected");
    }
    try {
      requireAllowed(url);
    } catch (IOException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
    return url;
  }

  /**
   * Returns only when it may be called now.
   *
   * @throws IOException when the host has no address, or one that is not allowed
   */
  static void requireAllowed(URI url) throws IOException {
    boolean https = "https".equals(url.getScheme());
    if (!https && !"http".equals(url.getScheme())) {
      throw new IOException("https is expected");
    }
    String host = url.getHost();
    for (InetAddress address : InetAddress.getAllByName(host.replaceAll("^\\[|\\]$", ""))) {
      if (isRefused(address)) {
        throw new IOException("link-local, metadata and multicast addresses are not called");
      }
      if (!https && !address.isLoopbackAddress()) {
        throw new IOException("https is expected for another machine");
      }
    }
  }

  static boolean isRefused(InetAddress address) {
    return OutboundAddress.isRefused(address);
  }

  private static SignerException refused(String why) {
    return new SignerException(ProblemType.BAD_REQUEST, "url: " + why);
  }
}
