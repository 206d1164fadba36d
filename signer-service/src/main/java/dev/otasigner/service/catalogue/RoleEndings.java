package dev.otasigner.service.catalogue;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
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
 * or a third of their time left; people are told with a quarter, when that has not happened, and
 * where people have to sign. A root is known a year ahead, since whole fleets end with it.
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
      for (Lineage lineage : lineages.of(product)) {
        endings.addAll(of(lineage));
      }
    }
    return endings;
  }

  /** The announced roles of one lineage; none while it has a damaged one. */
  List<Ending> of(Lineage lineage) {
    List<Ending> endings = new ArrayList<>();
    Lifetimes lifetimes = lineages.lifetimes(lineage.product());
    String where = " of " + lineage.product() + "/" + lineage.name();
    root(lineage)
        .ifPresent(
            root ->
                endings.add(
                    ending(Metadata.ROOT + where, root.expires(), lifetimes.root())
                        .taking(
                            support(
                                lineage,
                                Optional.empty(),
                                Ending.LONGEST_AHEAD,
                                renewal(lineage, root)))));
    announced(lineage)
        .ifPresent(
            set -> {
              endings.add(
                  whole(
                      lineage,
                      Metadata.TIMESTAMP + where,
                      set.timestamp().expires(),
                      lifetimes.timestamp()));
              endings.add(
                  whole(
                      lineage,
                      Metadata.SNAPSHOT + where,
                      set.snapshot().expires(),
                      lifetimes.snapshot()));
              set.roles()
                  .forEach(
                      (name, role) ->
                          endings.add(role(lineage, name, where, role.expires(), lifetimes)));
            });
    return endings;
  }

  /** Without its channel's role a device finds nothing; without the audit log's it goes on. */
  private static Ending role(
      Lineage lineage, String name, String where, Instant at, Lifetimes lifetimes) {
    if (name.equals(Metadata.TARGETS)) {
      return whole(lineage, name + where, at, lifetimes.targets());
    }
    Ending ending = ending(name + where, at, lifetimes.channel());
    return name.equals(Publisher.AUDIT)
        ? ending
        : ending.taking(support(lineage, Optional.of(name), ending.ahead(), "have it signed anew"));
  }

  /** Also of a lineage whose holders have not signed a targets role yet. */
  private Optional<Root> root(Lineage lineage) {
    try {
      return Optional.of(PublishedSet.root(lineages.repository(lineage).files()));
    } catch (IOException e) {
      return Optional.empty(); // health tells of it
    }
  }

  /** A damaged set is mended by the publisher, or health tells why not. */
  private Optional<PublishedSet> announced(Lineage lineage) {
    try {
      return PublishedSet.ifWhole(lineages.repository(lineage).files());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Ending ending(String what, Instant at, Duration lifetime) {
    return Ending.usually("catalogue role " + what, at, lifetime.dividedBy(PART_LEFT));
  }

  /** The end of a role without which no device of the lineage accepts anything. */
  private static Ending whole(Lineage lineage, String what, Instant at, Duration lifetime) {
    Ending ending = ending(what, at, lifetime);
    return ending.taking(support(lineage, Optional.empty(), ending.ahead(), "have it signed anew"));
  }

  private static Support support(
      Lineage lineage, Optional<String> channelRole, Duration ahead, String remedy) {
    return new Support(
        Support.Kind.LINEAGE,
        Optional.of(lineage.product()),
        lineage.name(),
        channelRole,
        ahead,
        remedy);
  }

  private String renewal(Lineage lineage, Root root) {
    boolean own =
        new OwnKeys(lineages.keyring(lineage.key(), lineage.isPostQuantum()))
            .suffice(root, Metadata.ROOT);
    return own
        ? "the service signs the next root by itself with a third of its time left"
        : "have its holders sign the next root";
  }
}
