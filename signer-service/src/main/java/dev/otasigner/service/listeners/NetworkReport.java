package dev.otasigner.service.listeners;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.access.IssuedTokens;
import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** What listens where, with which TLS, and what lies on the disk. */
@Component
class NetworkReport implements ReportSource {
  private final Listeners listeners;
  private final ServiceDirectories directories;
  private final IssuedTokens issued;
  private final ManagementTls management;
  private final Environment environment;

  NetworkReport(
      Listeners listeners,
      ServiceDirectories directories,
      IssuedTokens issued,
      ManagementTls management,
      Environment environment) {
    this.listeners = listeners;
    this.directories = directories;
    this.issued = issued;
    this.management = management;
    this.environment = environment;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.NETWORK;
  }

  @Override
  public int position() {
    return 0;
  }

  @Override
  public List<Section> sections(Period period) {
    List<List<String>> rows = new ArrayList<>();
    String devices = environment.getProperty("signer.listeners.address", "");
    rows.add(
        List.of(
            "management",
            environment.getProperty("server.address", "all"),
            environment.getProperty("local.server.port", "?"),
            "people, pipelines",
            management.versions().isEmpty()
                ? "none: " + (isLoopback() ? "loopback only" : "reachable from other machines")
                : String.join(", ", management.versions()),
            management.suites().isEmpty() ? "-" : String.join(", ", management.suites()),
            management.versions().isEmpty() ? "-" : "those of the JVM"));
    for (OpenListener listener : listeners.list()) {
      TlsPolicy tls = listener.spec().tls();
      rows.add(
          List.of(
              listener.name(),
              devices,
              Integer.toString(listener.boundPort()),
              listener.spec().kind() == ListenerKind.DEVICE
                  ? "devices with a certificate"
                  : "devices that enrol",
              String.join(", ", tls.versions()),
              String.join(", ", tls.suites()),
              tls.groups().isEmpty() ? "those of the JVM" : String.join(", ", tls.groups())));
    }
    return List.of(
        new Section(
            "Listening",
            List.of("The service reaches no device: devices come to it."),
            List.of("name", "address", "port", "for", "TLS", "cipher suites", "groups"),
            rows),
        new Section(
            "Connections to issuers",
            List.of(
                issued.outbound().isEmpty()
                    ? "None: no token of another issuer is taken. But for these and for calls of"
                        + " webhooks all connections come in."
                    : "These addresses are asked for the keys of the issuers whose tokens are taken,"
                        + " twice in half a minute at most. But for these and for calls of webhooks"
                        + " all connections come in."),
            List.of("issuer", "address"),
            issued.outbound()),
        new Section(
            "Data at rest",
            List.of("Nothing is deleted by itself; a person prunes, and the audit log never."),
            List.of("what", "where", "bytes"),
            rooms()));
  }

  private boolean isLoopback() {
    String address = environment.getProperty("server.address", "");
    return address.startsWith("127.") || address.equals("::1") || address.equals("localhost");
  }

  private List<List<String>> rooms() {
    return List.of(
        room("users, keys' states, requests, fleet, audit log", directories.db()),
        room("sealed private keys", directories.token()),
        room("worker's rules and journal of uses", directories.worker()),
        room("payloads and signed images", directories.payloads()),
        room("published catalogue", directories.catalogue()),
        room("newest audit checkpoint", directories.audit()),
        room("keys of webhook calls", directories.webhooks()));
  }

  private List<String> room(String what, Path where) {
    return List.of(
        what, String.valueOf(directories.data().relativize(where)), Long.toString(bytes(where)));
  }

  private static long bytes(Path room) {
    try (Stream<Path> files = Files.walk(room)) {
      return files.mapToLong(NetworkReport::sizeOf).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file may go while it is being counted. */
  private static long sizeOf(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
