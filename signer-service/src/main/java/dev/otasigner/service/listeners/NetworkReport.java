package dev.otasigner.service.listeners;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.access.IssuedTokens;
import dev.otasigner.service.database.DatabasePlace;
import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.RetentionSource;
import dev.otasigner.service.report.Section;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
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
  private final Handshakes handshakes;
  private final List<RetentionSource> retentions;
  private final Environment environment;
  private final DatabasePlace database;

  NetworkReport(
      Listeners listeners,
      ServiceDirectories directories,
      IssuedTokens issued,
      ManagementTls management,
      Handshakes handshakes,
      List<RetentionSource> retentions,
      Environment environment,
      DatabasePlace database) {
    this.listeners = listeners;
    this.directories = directories;
    this.issued = issued;
    this.management = management;
    this.handshakes = handshakes;
    this.retentions = List.copyOf(retentions);
    this.environment = environment;
    this.database = database;
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
    List<List<String>> agreed = new ArrayList<>();
    Offered people = listeners.offeredToPeople(management.keys());
    rows.add(row(Handshakes.MANAGEMENT, people, "people, pipelines", List.of()));
    addAgreed(agreed, Handshakes.MANAGEMENT);
    for (OpenListener listener : listeners.list()) {
      rows.add(
          row(
              listener.name(),
              listeners.offered(listener),
              listener.spec().kind() == ListenerKind.DEVICE
                  ? "devices with a certificate"
                  : "devices that enrol",
              listener.spec().tls().groups()));
      addAgreed(agreed, listener.name());
    }
    return List.of(
        new Section(
            "Listening",
            List.of(
                "The service reaches no device: devices come to it.",
                "Read off the connectors that run: a client agrees on one of these suites, or on"
                    + " nothing."),
            List.of("name", "address", "port", "for", "TLS", "cipher suites", "groups"),
            rows),
        new Section(
            "TLS that was agreed on",
            List.of("By the connections since the service was started."),
            List.of("listener", "version", "suite", "group", "times"),
            agreed),
        new Section(
            "Connections to issuers",
            List.of(
                issued.outbound().isEmpty()
                    ? "None: no token of another issuer is taken. But for these, for calls of"
                        + " webhooks and for requests that one of several services hands on to"
                        + " another all connections come in."
                    : "These addresses are asked for the keys of the issuers whose tokens are"
                        + " taken, twice in half a minute at most. But for these, for calls of"
                        + " webhooks and for requests that one of several services hands on to"
                        + " another all connections come in."),
            List.of("issuer", "address", "proxy"),
            issued.outbound().stream()
                .map(line -> List.of(line.get(0), line.get(1), proxyFor(line.get(1))))
                .toList()),
        new Section(
            "Connections to the database",
            List.of(
                database.server().isEmpty()
                    ? "None: it is embedded."
                    : "The service connects to this server, beside what is named above."),
            List.of("server"),
            database.server().stream().map(List::of).toList()),
        new Section(
            "Proxies",
            List.of(
                "Between clients and the service: TCP passes through. One that ends TLS shows its"
                    + " own address for all of its clients, and devices cannot be behind it, whose"
                    + " certificates it would keep to itself.",
                "Webhooks are called without a proxy; issuers by the JVM's, where one is set."),
            List.of("setting", "value"),
            List.of(
                List.of(
                    "server.forward-headers-strategy", setting("server.forward-headers-strategy")),
                List.of("signer.management.plain-http", setting("signer.management.plain-http")),
                List.of("https.proxyHost", setting("https.proxyHost")),
                List.of("http.proxyHost", setting("http.proxyHost")))),
        new Section("Data at rest", List.of(), List.of("what", "where", "bytes"), rooms()),
        new Section(
            "How long data is kept",
            List.of("What is kept for ever goes when a person removes the data directory."),
            List.of("what", "until"),
            retentions.stream()
                .flatMap(source -> source.retentions().stream())
                .map(kept -> List.of(kept.what(), kept.until()))
                .sorted(Comparator.comparing((List<String> cells) -> cells.get(0)))
                .toList()));
  }

  private static List<String> row(
      String name, Offered offered, String clients, List<String> groups) {
    boolean plain = offered.versions().isEmpty();
    return List.of(
        name,
        offered.address(),
        Integer.toString(offered.port()),
        clients,
        plain
            ? "none: " + (isLoopback(offered) ? "loopback only" : "reachable from other machines")
            : String.join(", ", offered.versions()),
        plain ? "-" : String.join(", ", offered.suites()),
        plain ? "-" : groups.isEmpty() ? "those of the JVM" : String.join(", ", groups));
  }

  private void addAgreed(List<List<String>> rows, String listener) {
    for (List<String> agreed : handshakes.agreedOn(listener)) {
      List<String> row = new ArrayList<>(List.of(listener));
      row.addAll(agreed);
      rows.add(row);
    }
  }

  /** Bound to an address of this machine alone. */
  private static boolean isLoopback(Offered offered) {
    String address = offered.address();
    return address.startsWith("127.") || address.equals("0:0:0:0:0:0:0:1");
  }

  /** What the JVM would take for this address. */
  private static String proxyFor(String address) {
    return ProxySelector.getDefault().select(URI.create(address)).stream()
        .map(proxy -> proxy.address() == null ? "none" : proxy.address().toString())
        .findFirst()
        .orElse("none");
  }

  private String setting(String name) {
    String value = environment.getProperty(name, "");
    return value.isEmpty() ? "not set" : value;
  }

  private List<List<String>> rooms() {
    String what = "users, keys' states, requests, fleet, audit log";
    return List.of(
        database
            .server()
            .map(server -> List.of(what, server, Long.toString(database.serverBytes())))
            .orElseGet(() -> room(what, directories.db())),
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
