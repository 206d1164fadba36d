package dev.otasigner.service.catalogue;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.tuf.Metadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Roles that devices will not accept much longer. The publisher renews them by itself, with a half
 * or a third of their time left; people are told with a quarter, when that has not happened.
 */
@Component
class RoleEndings implements EndingSource {
  private static final int PART_LEFT = 4;

  private final Lineages lineages;
  private final FleetFacts fleet;

  RoleEndings(Lineages lineages, FleetFacts fleet) {
    this.lineages = lineages;
    this.fleet = fleet;
  }

  @Override
  public List<Ending> endings() {
    List<Ending> endings = new ArrayList<>();
    for (String product : fleet.products()) {
      Lifetimes lifetimes = lineages.lifetimes(product);
      for (Lineage lineage : lineages.of(product)) {
        String where = " of " + product + "/" + lineage.name();
        announced(lineage)
            .ifPresent(
                set -> {
                  add(endings, Metadata.ROOT + where, set.root().expires(), lifetimes.root());
                  add(
                      endings,
                      Metadata.TIMESTAMP + where,
                      set.timestamp().expires(),
                      lifetimes.timestamp());
                  add(
                      endings,
                      Metadata.SNAPSHOT + where,
                      set.snapshot().expires(),
                      lifetimes.snapshot());
                  set.roles()
                      .forEach(
                          (name, role) ->
                              add(
                                  endings,
                                  name + where,
                                  role.expires(),
                                  name.equals(Metadata.TARGETS)
                                      ? lifetimes.targets()
                                      : lifetimes.channel()));
                });
      }
    }
    return endings;
  }

  /** A damaged set is mended by the publisher, or health tells why not. */
  private Optional<PublishedSet> announced(Lineage lineage) {
    try {
      return PublishedSet.ifWhole(lineages.repository(lineage).files());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(List<Ending> endings, String what, Instant at, Duration lifetime) {
    endings.add(new Ending("catalogue role " + what, at, lifetime.dividedBy(PART_LEFT)));
  }
}
