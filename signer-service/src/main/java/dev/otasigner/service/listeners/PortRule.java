package dev.otasigner.service.listeners;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Ports below 1024 belong to root: for anybody else they are moved up by 10,000.
 *
 * @param mayBindLow whether this process may bind them
 */
record PortRule(boolean mayBindLow) {
  private static final int FIRST_FREE = 1024;
  private static final int MOVED_BY = 10_000;

  /** The rule for the user this process runs as. */
  static PortRule ofThisProcess() {
    try {
      return new PortRule(
          Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")));
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return new PortRule(false);
    }
  }

  int bound(int port) {
    return port < FIRST_FREE && !mayBindLow ? port + MOVED_BY : port;
  }
}
