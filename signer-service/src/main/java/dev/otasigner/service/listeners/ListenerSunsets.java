package dev.otasigner.service.listeners;

import dev.otasigner.service.Console;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.MetricSource;
import dev.otasigner.service.watch.Reading;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Tells people that listeners are to close, a year ahead and ever more often, and closes each at
 * its time if no device needs it. One that is needed stays, and health, log and metrics say by
 * whom: no date cuts a device off.
 */
@Component("listenersHealthIndicator")
public class ListenerSunsets implements HealthIndicator, MetricSource, EndingSource {
  private static final Logger log = LoggerFactory.getLogger(ListenerSunsets.class);
  private static final Status DEGRADED = new Status("DEGRADED");
  private static final int OVER = -1;

  private final Listeners listeners;
  private final ListenerRegistry registry;
  private final ListenerUse use;
  private final AuditLog audit;
  private final Console console;
  private final DatabaseWatch database;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private final Map<String, String> kept = new ConcurrentHashMap<>();

  ListenerSunsets(
      Listeners listeners,
      ListenerRegistry registry,
      ListenerUse use,
      AuditLog audit,
      Console console,
      DatabaseWatch database,
      TransactionTemplate transaction,
      Clock clock) {
    this.listeners = listeners;
    this.registry = registry;
    this.use = use;
    this.audit = audit;
    this.console = console;
    this.database = database;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** One that fails holds up no other. */
  @Scheduled(initialDelay = 20_000, fixedDelay = 60_000)
  public synchronized void look() {
    for (ListenerRegistry.Entry entry : registry.all()) {
      try {
        entry.sunset().ifPresent(at -> look(entry, at));
      } catch (RuntimeException e) {
        if (DatabaseTrouble.behind(e).isPresent()) {
          throw e;
        }
        log.error("the sunset of listener {} is not looked at now", entry.spec().name(), e);
      }
    }
  }

  private void look(ListenerRegistry.Entry entry, Instant at) {
    String name = entry.spec().name();
    if (listeners.list().stream().noneMatch(l -> l.name().equals(name))) {
      return; // it could not be opened, which was said
    }
    Instant now = clock.instant();
    if (!at.isAfter(now)) {
      closeIfUnneeded(entry, at);
      return;
    }
    kept.remove(name);
    for (Duration step : Ending.STEPS) {
      if (!at.minus(step).isAfter(now)) {
        int days = (int) step.toDays();
        if (entry.told().map(told -> told > days).orElse(true)) {
          tell(name, at, days);
        }
        return;
      }
    }
  }

  private void tell(String name, Instant at, int days) {
    List<ListenerUse.Cohort> cohorts = use.now().getOrDefault(name, List.of());
    long needed = ListenerUse.needed(cohorts);
    console.line(
        "listener "
            + name
            + " is to close at "
            + at
            + ", in "
            + days
            + (days == 1 ? " day" : " days")
            + " at most: "
            + ListenerUse.devices(cohorts)
            + " devices are on it, "
            + needed
            + " need it"
            + (needed == 0 ? "" : ": " + ListenerUse.whoNeeds(cohorts)));
    registry.setTold(name, days);
  }

  private void closeIfUnneeded(ListenerRegistry.Entry entry, Instant at) {
    String name = entry.spec().name();
    List<ListenerUse.Cohort> cohorts = use.now().getOrDefault(name, List.of());
    String why = ListenerUse.whoNeeds(cohorts);
    if (why.isEmpty()) {
      try {
        listeners.close(name);
        kept.remove(name);
        console.line("listener " + name + " is closed: its time was " + at);
        return;
      } catch (SignerException e) {
        if (e.type() != ProblemType.WOULD_STRAND) {
          throw e;
        }
        why = String.valueOf(e.getMessage());
      }
    }
    keep(entry, at, why);
  }

  /** Said on the console and recorded once; health and metrics say it all the time. */
  private void keep(ListenerRegistry.Entry entry, Instant at, String why) {
    String name = entry.spec().name();
    String before = kept.put(name, why);
    if (before == null) {
      log.error("listener {} was to close at {} and stays open: {}", name, at, why);
    }
    if (!entry.told().equals(Optional.of(OVER))) {
      console.line("listener " + name + " was to close at " + at + " and stays open: " + why);
      transaction.executeWithoutResult(
          status -> {
            registry.setTold(name, OVER);
            audit.record(
                "listener.kept",
                "listener:" + name,
                Map.of("sunset", at.toString(), "needed", why));
          });
    }
  }

  @Override
  public Health health() {
    return database.health(this::known);
  }

  private Health known() {
    Health.Builder health = new Health.Builder().up();
    Instant now = clock.instant();
    Map<String, List<ListenerUse.Cohort>> cohorts = Map.of();
    for (OpenListener listener : listeners.list()) {
      if (listener.sunset().isEmpty()) {
        continue;
      }
      cohorts = cohorts.isEmpty() ? use.lately() : cohorts;
      List<ListenerUse.Cohort> here = cohorts.getOrDefault(listener.name(), List.of());
      Map<String, Object> details = new LinkedHashMap<>();
      details.put("sunset", listener.sunset().get().toString());
      details.put("devices", ListenerUse.devices(here));
      details.put("needed", ListenerUse.needed(here));
      if (!listener.sunset().get().isAfter(now)) {
        health.status(DEGRADED);
        details.put(
            "trouble", "it stays open: " + kept.getOrDefault(listener.name(), "about to close"));
      }
      health.withDetail(listener.name(), details);
    }
    return health.build();
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>();
    Instant now = clock.instant();
    Map<String, List<ListenerUse.Cohort>> cohorts = use.lately();
    for (OpenListener listener : listeners.list()) {
      List<ListenerUse.Cohort> here = cohorts.getOrDefault(listener.name(), List.of());
      readings.add(Reading.of(Metric.LISTENER_DEVICES, ListenerUse.devices(here), listener.name()));
      readings.add(Reading.of(Metric.LISTENER_NEEDED, ListenerUse.needed(here), listener.name()));
      listener
          .sunset()
          .map(at -> Duration.between(now, at).toSeconds())
          .ifPresent(
              left -> readings.add(Reading.of(Metric.LISTENER_SUNSET, left, listener.name())));
    }
    return readings;
  }

  @Override
  public List<Ending> endings() {
    return listeners.list().stream()
        .filter(listener -> listener.sunset().isPresent())
        .map(
            listener ->
                new Ending(
                    "listener " + listener.name(), listener.sunset().get(), Ending.LONGEST_AHEAD))
        .toList();
  }
}
