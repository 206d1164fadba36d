package dev.otasigner.service.rotation;

import dev.otasigner.service.ConfigurationRefused;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.ServerNames;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Refuses a start under names that leave devices behind: who dials a server that no certificate of
 * a listener names any more goes on to no other. Before any listener opens.
 */
@Component
class NamesGuard {
  private final Listeners listeners;
  private final LiveProfiles profiles;
  private final FleetFacts fleet;
  private final JdbcClient jdbc;
  private final AuditLog audit;
  private final TransactionTemplate transaction;

  NamesGuard(
      Listeners listeners,
      LiveProfiles profiles,
      FleetFacts fleet,
      JdbcClient jdbc,
      AuditLog audit,
      TransactionTemplate transaction) {
    this.listeners = listeners;
    this.profiles = profiles;
    this.fleet = fleet;
    this.jdbc = jdbc;
    this.audit = audit;
    this.transaction = transaction;
  }

  @EventListener(ServletWebServerInitializedEvent.class)
  @Order(5)
  void onStarted() {
    requireNobodyLeft(listeners.names());
  }

  /**
   * Keeps the names for the next start.
   *
   * @throws ConfigurationRefused when devices dial none of them any more
   */
  void requireNobodyLeft(List<String> names) {
    List<String> before = jdbc.sql("select name from listener_name").query(String.class).list();
    Set<String> gone = new TreeSet<>(before);
    names.forEach(gone::remove);
    if (!gone.isEmpty()) {
      List<String> left = left(new ServerNames(before), new ServerNames(names));
      if (!left.isEmpty()) {
        throw new ConfigurationRefused(
            "signer.listeners.names (--name): without "
                + String.join(", ", gone)
                + " no server that they dial is named any more by "
                + String.join("; ", left));
      }
    }
    if (!new TreeSet<>(before).equals(new TreeSet<>(names))) {
      keep(before, names);
    }
  }

  private void keep(List<String> before, List<String> names) {
    transaction.executeWithoutResult(
        status -> {
          jdbc.sql("delete from listener_name").update();
          new TreeSet<>(names)
              .forEach(
                  name ->
                      jdbc.sql("insert into listener_name (name) values (?)").param(name).update());
          if (!before.isEmpty()) {
            audit.record(
                Actor.SYSTEM,
                "listener.names-changed",
                "service",
                Map.of(
                    "from", String.join(",", new TreeSet<>(before)),
                    "to", String.join(",", new TreeSet<>(names))));
          }
        });
  }

  /** Those who found a server named and find none now, in words. */
  private List<String> left(ServerNames before, ServerNames now) {
    List<String> left = new ArrayList<>();
    for (String product : fleet.products()) {
      Map<Long, Long> writtenOff = fleet.writtenOff(product);
      List<Cohort> cohorts = fleet.cohorts(product);
      Set<Digest> run = new HashSet<>();
      cohorts.forEach(cohort -> run.add(cohort.state().running().profile()));
      for (Profile profile : profiles.of(product)) {
        if (!isFor(before, profile) || isFor(now, profile)) {
          continue;
        }
        long devices =
            cohorts.stream()
                .filter(c -> c.state().running().profile().equals(profile.digest()))
                .mapToLong(c -> c.count() - writtenOff.getOrDefault(c.id(), 0L))
                .sum();
        if (devices > 0 || !run.contains(profile.digest())) {
          left.add(
              Place.devices(devices)
                  + " of "
                  + product
                  + " under profile "
                  + profile.digest().hex()
                  + ", which dials "
                  + String.join(", ", profile.servers()));
        }
      }
    }
    return left;
  }

  private static boolean isFor(ServerNames names, Profile profile) {
    return profile.servers().stream().anyMatch(names::isFor);
  }
}
