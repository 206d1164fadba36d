package dev.otasigner.service.listeners;

import dev.otasigner.service.Console;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.catalina.Service;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Opens and closes listeners while the service runs, and opens them again after a restart. */
@Component
public class Listeners implements MetricSource {
  private static final Logger log = LoggerFactory.getLogger(Listeners.class);

  private final ListenerRegistry registry;
  private final ListenerConnectors connectors;
  private final ObjectProvider<ListenerGuard> guards;
  private final AuditLog audit;
  private final Console console;
  private final Clock clock;
  private final TransactionTemplate transaction;
  private final PortRule ports = PortRule.ofThisProcess();
  private final Map<Connector, OpenListener> open = new ConcurrentHashMap<>();
  private volatile @Nullable Service service;

  Listeners(
      ListenerRegistry registry,
      ListenerConnectors connectors,
      ObjectProvider<ListenerGuard> guards,
      AuditLog audit,
      Console console,
      Clock clock,
      TransactionTemplate transaction) {
    this.registry = registry;
    this.connectors = connectors;
    this.guards = guards;
    this.audit = audit;
    this.console = console;
    this.clock = clock;
    this.transaction = transaction;
  }

  /** How many connections each has. */
  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    open.forEach(
        (connector, listener) -> {
          if (connector.getProtocolHandler() instanceof AbstractProtocol<?> protocol) {
            long connections = Math.max(0, protocol.getConnectionCount());
            readings.add(Reading.of(Metric.LISTENER_CONNECTIONS, connections, listener.name()));
          }
        });
    return readings;
  }

  /** What a listener offers that is open. */
  Offered offered(OpenListener listener) {
    Set<String> keys =
        Set.of(listener.spec().tls().serverKey() == ClientKeyType.RSA_2048 ? "RSA" : "EC");
    return open.entrySet().stream()
        .filter(entry -> entry.getValue().equals(listener))
        .map(entry -> Offered.by(entry.getKey(), keys))
        .findFirst()
        .orElseThrow(() -> SignerException.notFound("listener " + listener.name()));
  }

  /** What the management port offers, which shows keys of these algorithms. */
  Offered offeredToPeople(Set<String> keys) {
    return Arrays.stream(tomcat().findConnectors())
        .filter(connector -> !open.containsKey(connector))
        .map(connector -> Offered.by(connector, keys))
        .findFirst()
        .orElseThrow();
  }

  /** All that are open, by name. */
  public List<OpenListener> list() {
    return open.values().stream().sorted(Comparator.comparing(OpenListener::name)).toList();
  }

  /** What certificates of listeners are made out to; this machine's names first. */
  public List<String> names() {
    return connectors.names().all();
  }

  /** Whether a device that dials this server finds it named by their certificates. */
  public boolean isNamed(String server) {
    return connectors.names().isFor(server);
  }

  /** All that are to be open, by name, whether or not their ports could be bound. */
  public List<RegisteredListener> registered() {
    return registry.all().stream()
        .map(entry -> new RegisteredListener(entry.spec(), entry.sunset()))
        .toList();
  }

  /**
   * The device listeners that a device running this profile can talk to; see {@link #isFor}. Only
   * those that are open.
   */
  public List<OpenListener> reachableWith(Profile profile) {
    return list().stream()
        .filter(listener -> listener.spec().kind() == ListenerKind.DEVICE)
        .filter(listener -> isFor(profile, listener.spec(), TlsReduction.NONE))
        .toList();
  }

  /**
   * Whether a device running this profile can talk to a listener of which some is gone: it is on
   * one of the ports that the device dials, and {@link #isSpokenBy} holds.
   */
  public boolean isFor(Profile profile, ListenerSpec listener, TlsReduction reduction) {
    return profile.ports().contains(listener.port()) && isSpokenBy(profile, listener, reduction);
  }

  /**
   * Whether a listener of which some is gone has TLS in common with a device running this profile,
   * and a server certificate under an authority that it pins, made out to a server that it dials.
   */
  public boolean isSpokenBy(Profile profile, ListenerSpec listener, TlsReduction reduction) {
    return reduction
        .of(listener)
        .filter(left -> left.tls().isSpokenBy(profile.tls()))
        .filter(left -> isTrusted(left, profile))
        .isPresent();
  }

  private boolean isTrusted(ListenerSpec listener, Profile profile) {
    return profile
            .tls()
            .serverAnchors()
            .contains(connectors.serverAuthority(listener.tls().serverKey()))
        && profile.servers().stream().anyMatch(this::isNamed);
  }

  /** Opens a listener for good; it is reachable when this returns. */
  public synchronized OpenListener open(ListenerSpec spec, Optional<Instant> sunset) {
    sunset.ifPresent(this::requireToCome);
    if (list().stream().anyMatch(l -> l.name().equals(spec.name()))) {
      throw SignerException.conflict("there is a listener " + spec.name() + " already");
    }
    Instant now = clock.instant();
    Connector connector = start(spec, now, sunset);
    try {
      transaction.executeWithoutResult(
          status -> {
            registry.insert(spec, now, sunset);
            audit.record("listener.opened", "listener:" + spec.name(), details(spec, sunset));
          });
    } catch (RuntimeException e) {
      stop(connector);
      throw e;
    }
    return requireOpen(connector);
  }

  /**
   * Closes a listener for good, unless a guard knows a device that needs it.
   *
   * @throws SignerException WOULD_STRAND, or NOT_FOUND
   */
  public synchronized void close(String name) {
    Connector connector = connector(name);
    ListenerSpec spec = requireOpen(connector).spec();
    Optional<Instant> sunset = requireOpen(connector).sunset();
    transaction.executeWithoutResult(
        status -> {
          guards.orderedStream().forEach(guard -> guard.requireUnneeded(spec));
          registry.delete(name);
          audit.record("listener.closed", "listener:" + name, details(spec, sunset));
        });
    stop(connector);
  }

  /**
   * Sets when a listener is to close, or that it has no end.
   *
   * @throws SignerException BAD_REQUEST for a time that is over, or NOT_FOUND
   */
  public synchronized OpenListener setSunset(String name, Optional<Instant> sunset) {
    Connector connector = connector(name);
    sunset.ifPresent(this::requireToCome);
    OpenListener before = requireOpen(connector);
    if (before.sunset().equals(sunset)) {
      return before;
    }
    transaction.executeWithoutResult(
        status -> {
          registry.setSunset(name, sunset);
          audit.record(
              "listener.sunset",
              "listener:" + name,
              Map.of("from", told(before.sunset()), "to", told(sunset)));
        });
    OpenListener after =
        new OpenListener(before.spec(), before.boundPort(), before.opened(), sunset);
    open.put(connector, after);
    return after;
  }

  private void requireToCome(Instant sunset) {
    if (!sunset.isAfter(clock.instant())) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "sunset: a time to come is expected; close the listener else");
    }
  }

  private static String told(Optional<Instant> sunset) {
    return sunset.map(Instant::toString).orElse("none");
  }

  /** One that is open, by its name. */
  public OpenListener require(String name) {
    return requireOpen(connector(name));
  }

  private Connector connector(String name) {
    return open.entrySet().stream()
        .filter(entry -> entry.getValue().name().equals(name))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(() -> SignerException.notFound("listener " + name));
  }

  /** The listener a connector serves; empty for the management port. */
  Optional<OpenListener> of(Connector connector) {
    return Optional.ofNullable(open.get(connector));
  }

  /** After a restart. One that can not be opened is said loudly and does not stop the others. */
  @EventListener
  @Order(10)
  void onStarted(ServletWebServerInitializedEvent event) {
    if (!(event.getWebServer() instanceof TomcatWebServer tomcat)) {
      return;
    }
    service = tomcat.getTomcat().getService();
    for (ListenerRegistry.Entry entry : registry.all()) {
      try {
        start(entry.spec(), entry.opened(), entry.sunset());
      } catch (RuntimeException e) {
        log.error("listener {} is not open", entry.spec().name(), e);
        console.line("listener " + entry.spec().name() + " is not open: " + e.getMessage());
      }
    }
  }

  private Connector start(ListenerSpec spec, Instant opened, Optional<Instant> sunset) {
    int bound = ports.bound(spec.port());
    Connector connector = connectors.connector(spec, bound);
    // Known before it is bound: a request must never take it for the management port.
    open.put(connector, new OpenListener(spec, bound, opened, sunset));
    try {
      ListenerConnectors.start(tomcat(), connector);
    } catch (RuntimeException e) {
      open.remove(connector);
      throw e;
    }
    console.line(
        "listener "
            + spec.name()
            + " on port "
            + bound
            + (bound == spec.port() ? "" : " in place of " + spec.port() + ", which is root's"));
    return connector;
  }

  private void stop(Connector connector) {
    ListenerConnectors.stop(tomcat(), connector);
    open.remove(connector);
  }

  private OpenListener requireOpen(Connector connector) {
    OpenListener listener = open.get(connector);
    if (listener == null) {
      throw new IllegalStateException("connector " + connector + " is closed");
    }
    return listener;
  }

  private Service tomcat() {
    Service started = service;
    if (started == null) {
      throw new IllegalStateException("the web server has not started");
    }
    return started;
  }

  private static Map<String, String> details(ListenerSpec spec, Optional<Instant> sunset) {
    return Map.of(
        "port", Integer.toString(spec.port()),
        "kind", spec.kind().code(),
        "versions", String.join(",", spec.tls().versions()),
        "suites", String.join(",", spec.tls().suites()),
        "groups", spec.tls().groups().isEmpty() ? "all" : String.join(",", spec.tls().groups()),
        "serverKey", spec.tls().serverKey().code(),
        "sunset", told(sunset));
  }
}
