package dev.otasigner.service.rotation;

import dev.otasigner.service.fleet.KeyDemand;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.DeviceTrust;
import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * All that ends by itself and that devices may lean on: what the parts of the service know to end,
 * and the certificates of the devices themselves. Each is put as a change that can be asked about.
 */
@Component
class Expiries {
  private static final Logger log = LoggerFactory.getLogger(Expiries.class);

  /** Devices renew in the last third; a quarter of the lifetime is time enough to have begun. */
  private static final int PART_LEFT = 4;

  private final List<EndingSource> sources;
  private final FleetFacts fleet;
  private final Keyring keyring;
  private final Clock clock;
  private final Duration certificatesAhead;

  Expiries(
      List<EndingSource> sources,
      FleetFacts fleet,
      Keyring keyring,
      Clock clock,
      @Value("${signer.devices.certificate-days}") int certificateDays) {
    this.sources = List.copyOf(sources);
    this.fleet = fleet;
    this.keyring = keyring;
    this.clock = clock;
    this.certificatesAhead =
        DeviceTrust.RENEWABLE.plus(Duration.ofDays(certificateDays).dividedBy(PART_LEFT));
  }

  /**
   * What ends.
   *
   * @param all of all products that have devices, whether they lean on it or not
   * @param isComplete whether every part could be asked
   */
  record Found(List<Expiry> all, boolean isComplete) {
    Found {
      all = List.copyOf(all);
    }
  }

  /** A part that can not be asked now, or a product, hides no other. */
  Found find() {
    List<Expiry> all = new ArrayList<>();
    boolean isComplete = true;
    Set<String> products = new TreeSet<>();
    for (String product : fleet.products()) {
      try {
        List<Cohort> cohorts = fleet.cohorts(product);
        if (!cohorts.isEmpty()) {
          products.add(product);
          all.addAll(certificates(product, cohorts));
          all.addAll(demands(product));
        }
      } catch (RuntimeException e) {
        isComplete = false;
        report("the fleet of " + product, e);
      }
    }
    for (EndingSource source : sources) {
      try {
        for (Ending ending : source.endings()) {
          ending.support().ifPresent(support -> add(all, ending, support, products));
        }
      } catch (RuntimeException e) {
        isComplete = false;
        report(source.getClass().getSimpleName(), e);
      }
    }
    return new Found(all, isComplete);
  }

  private static void report(String who, RuntimeException e) {
    if (DatabaseTrouble.behind(e).isPresent()) {
      throw e;
    }
    log.error("{} does not tell what ends", who, e);
  }

  private void add(List<Expiry> all, Ending ending, Support support, Set<String> products) {
    Optional<Json.Obj> ask = ask(support);
    if (ask.isEmpty()) {
      return; // the key is gone meanwhile
    }
    for (String product : products) {
      if (support.product().filter(only -> !only.equals(product)).isPresent()) {
        continue;
      }
      all.add(
          new Expiry(
              product,
              ending.what(),
              ending.at().truncatedTo(ChronoUnit.SECONDS),
              support.ahead(),
              ask.get(),
              impact -> isOf(impact, support),
              support.remedy()));
    }
  }

  private static boolean isOf(CohortImpact impact, Support support) {
    DeviceState state = impact.cohort().state();
    return support.isOf(state.channel(), state.hardware().id());
  }

  private Optional<Json.Obj> ask(Support support) {
    return switch (support.kind()) {
      case KEY ->
          keyring.find(support.name()).map(KeyEntry::name).map(name -> list("retireKeys", name));
      case LINEAGE -> Optional.of(list("endLineages", support.name()));
    };
  }

  private static Json.Obj list(String member, String name) {
    return Json.object().put(member, Json.strings(List.of(name))).build();
  }

  /** Days from which on a policy lets keys sign no build, the keys of all demands until then. */
  private List<Expiry> demands(String product) {
    ProductPolicy policy = fleet.policy(product);
    Demands demands = new Demands(product, keyring.list());
    Instant now = clock.instant();
    return policy.keys().stream()
        .map(KeyDemand::from)
        .filter(from -> from.isAfter(now))
        .distinct()
        .sorted()
        .flatMap(from -> demand(product, from, demands.weaker(policy, from)).stream())
        .toList();
  }

  private static Optional<Expiry> demand(String product, Instant from, List<KeyEntry> weak) {
    return weak.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Expiry(
                product,
                "keys that the policy lets sign until " + from,
                from.truncatedTo(ChronoUnit.SECONDS),
                Ending.LONGEST_AHEAD,
                Json.object()
                    .put("retireKeys", Json.strings(weak.stream().map(KeyEntry::name).toList()))
                    .build(),
                impact -> true,
                "bring the devices to keys that are strong enough, or have the policy wait"));
  }

  /**
   * Certificates that devices have not renewed, by the month in which they end. Whatever else has
   * ended until then is an end of its own.
   */
  private List<Expiry> certificates(String product, List<Cohort> cohorts) {
    return cohorts.stream()
        .map(Cohort::state)
        .filter(Cohort::isEnrolled)
        .map(state -> state.clientCert().notAfter())
        .distinct()
        .sorted()
        .map(notAfter -> certificates(product, notAfter))
        .toList();
  }

  private Expiry certificates(String product, Instant notAfter) {
    Instant end = notAfter.plus(DeviceTrust.RENEWABLE);
    return new Expiry(
        product,
        "certificates of devices that end from " + notAfter + " on",
        end,
        certificatesAhead,
        Json.object().put("at", end).build(),
        impact -> isBy(impact, notAfter),
        "have these devices dial in, where they renew by themselves");
  }

  private static boolean isBy(CohortImpact impact, Instant notAfter) {
    return impact.obstacle().filter(o -> o.reason().equals(Standing.CERTIFICATE)).isPresent()
        && impact.cohort().state().clientCert().notAfter().equals(notAfter);
  }
}
