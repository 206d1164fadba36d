package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.rotation.Inquiry.Age;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What it does to a fleet to offer a build: devices that are served where they are may take it and
 * come to where nothing leads on, such as to a bootloader that takes no build to come. Who would
 * not take it is not harmed by it, and who is cut off anyway loses nothing.
 */
final class Harm {
  private final List<Cohort> fleet;
  private final Stored stored;
  private final Routes routes;
  private final World now;
  private final List<Future> futures;
  private final Map<Bridge, Boolean> bridges = new HashMap<>();

  /**
   * What devices may have to live with once the build is offered.
   *
   * @param changed what becomes of a device itself
   */
  record Future(Age age, UnaryOperator<DeviceState> changed) {}

  /** A build as a bridge of a channel and hardware. */
  private record Bridge(ImageVersion version, String channel, String hardware) {}

  /**
   * Asks about a fleet.
   *
   * @param fleet cohorts of which all profiles are registered
   * @param now in which the build is taken, by whatever keys it was signed
   * @param futures none of which may become worse by it
   */
  Harm(List<Cohort> fleet, Stored stored, Routes routes, World now, List<Future> futures) {
    this.fleet = List.copyOf(fleet);
    this.stored = stored;
    this.routes = routes;
    this.now = now.asSigned();
    this.futures = List.copyOf(futures);
  }

  /** Of what nothing else changes in. */
  static Harm asThingsAre(List<Cohort> fleet, Stored stored, Routes routes, Age today) {
    return new Harm(
        fleet, stored, routes, today.now(), List.of(new Future(today, UnaryOperator.identity())));
  }

  /** Whether anybody is harmed where a build, which is here, becomes a bridge for its like. */
  boolean isDoneByBridge(ImageVersion version, DeviceState like) throws IOException {
    Bridge bridge = new Bridge(version, like.channel(), like.hardware().id());
    Boolean known = bridges.get(bridge);
    if (known == null) {
      Optional<BuildFiles> build = stored.build(version);
      known =
          build.isPresent()
              && !of(new Offering(build.get(), true), bridge.channel(), bridge.hardware())
                  .isEmpty();
      bridges.put(bridge, known);
    }
    return known;
  }

  /** The cohorts of a channel and hardware that are harmed. */
  List<CohortImpact> of(Offering offering, String channel, String hardware) throws IOException {
    List<CohortImpact> harmed = new ArrayList<>();
    for (Cohort cohort : fleet) {
      DeviceState state = cohort.state();
      if (!state.channel().equals(channel) || !state.hardware().id().equals(hardware)) {
        continue;
      }
      Optional<CohortImpact> harm = of(offering, cohort);
      harm.ifPresent(harmed::add);
    }
    return harmed;
  }

  private Optional<CohortImpact> of(Offering offering, Cohort cohort) throws IOException {
    for (Future future : futures) {
      DeviceState state = future.changed().apply(cohort.state());
      for (Share share : routes.shares(state, now, future.age().now())) {
        Optional<Obstacle> obstacle = obstacle(offering, state, future.age(), share);
        if (obstacle.isPresent()) {
          return Optional.of(
              new CohortImpact(
                  cohort,
                  obstacle,
                  List.of(),
                  List.of(offering.build().manifest().version()),
                  Optional.empty()));
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Obstacle> obstacle(Offering offering, DeviceState state, Age age, Share share)
      throws IOException {
    Optional<DeviceState> over = routes.of(now, share).over(offering, state);
    return over.isEmpty() || routes.obstacle(age, state, share).isPresent()
        ? Optional.empty()
        : routes.obstacle(age, over.get(), share);
  }
}
