package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.device.testing.TestServer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a device's process has open while it is connected, by the word of the system. */
class OutboundOnlyTests extends DeviceCommandBench {
  private static final String LISTEN = "0A";
  private static final String ESTABLISHED = "01";

  /**
   * A socket of a process.
   *
   * @param protocol {@code tcp}, {@code tcp6}, {@code udp}, {@code udp6}
   * @param state as the kernel writes it
   */
  private record Opened(String protocol, int localPort, int remotePort, String state) {
    /** UDP knows no listening: whoever is bound and not connected is open to all. */
    boolean isOpenToOthers() {
      return protocol.startsWith("tcp") ? state.equals(LISTEN) : remotePort == 0;
    }
  }

  private static List<Opened> sockets(long pid) throws IOException {
    Set<String> inodes = new HashSet<>();
    int closed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : files) {
        try {
          String target = Files.readSymbolicLink(file).toString();
          if (target.startsWith("socket:[")) {
            inodes.add(target.substring("socket:[".length(), target.length() - 1));
          }
        } catch (NoSuchFileException e) {
          closed++;
        }
      }
    }
    // Files that were closed since the directory was read; the connection is not one of them.
    assertThat(closed).isLessThan(10);
    List<Opened> sockets = new ArrayList<>();
    for (String protocol : List.of("tcp", "tcp6", "udp", "udp6")) {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/net/" + protocol))) {
        List<String> columns = List.of(line.strip().split("\\s+", -1));
        if (columns.size() > 9 && inodes.contains(columns.get(9))) {
          sockets.add(
              new Opened(
                  protocol,
                  port(columns.get(1)),
                  port(columns.get(2)),
                  columns.get(3).toUpperCase(Locale.ROOT)));
        }
      }
    }
    return sockets;
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
  }

  @Test
  void deviceListensNowhereWhileItUpdatesItself() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/net/tcp")), "there is no /proc here");
    enrol("once");
    service.release("first", build("34.12").counter(6).make());
    CompletableFuture<Long> pid = new CompletableFuture<>();
    List<List<Opened>> seen = new CopyOnWriteArrayList<>();
    TestServer.Answer looks =
        (request, out) -> {
          // The device waits for this answer: its connection is open.
          seen.add(sockets(pid.join()));
          return service.answer().write(request, out);
        };
    try (TestServer server = TestServer.start(legacyTls(), looks)) {
      Process device =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Main.class.getName(),
                  "run",
                  "--until-idle",
                  "--flash",
                  dir.resolve("flash").toString(),
                  "--port-map",
                  "31314:1,993:" + server.port())
              .redirectErrorStream(true)
              .redirectOutput(dir.resolve("output").toFile())
              .start();
      pid.complete(device.pid());
      try {
        assertThat(device.waitFor(120, TimeUnit.SECONDS)).isTrue();
      } finally {
        device.destroyForcibly();
      }
      assertThat(Files.readString(dir.resolve("output"))).endsWith("up-to-date: 34.12.0+0\n");
      assertThat(seen).hasSizeGreaterThan(10);
      assertThat(seen)
          .allSatisfy(
              sockets -> {
                assertThat(sockets)
                    .anyMatch(
                        s -> s.remotePort() == server.port() && s.state().equals(ESTABLISHED));
                assertThat(sockets).noneMatch(Opened::isOpenToOthers);
              });
      // The same look at this process finds its server.
      assertThat(sockets(ProcessHandle.current().pid()))
          .anyMatch(s -> s.localPort() == server.port() && s.isOpenToOthers());
    }
  }
}
