package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How devices that trust an old key alone come to trust the new one: found out by letting them
 * take, with their own code, what is offered and what is here.
 */
final class Crossings {
  private final Succession keys;
  private final World world;
  private final Stored stored;
  private final Routes routes;

  /**
   * For one product.
   *
   * @param world as it is today, with every signature that stands in the stored bytes
   */
  Crossings(Succession keys, World world, Stored stored, Edges edges) {
    this.keys = keys;
    this.world = world;
    this.stored = stored;
    this.routes = new Routes(stored, edges);
  }

  /**
   * What becomes of one cohort.
   *
   * @param offered whether what is offered leads all of it to the new key, in every share
   * @param signed otherwise, a build that is here and would, once it is offered
   */
  record Crossing(Cohort cohort, boolean offered, Optional<ImageVersion> signed) {

    boolean isUnsigned() {
      return !offered && signed.isEmpty();
    }

    /** The release that is missing. */
    Optional<ReleaseName> missing() {
      DeviceState state = cohort.state();
      return signed.map(
          build -> new ReleaseName(state.product(), state.channel(), state.hardware().id(), build));
    }
  }

  /**
   * Of those cohorts that have still to cross. Whose profile is not registered may have to: it
   * holds up the step that takes the old key away.
   */
  List<Crossing> of(List<Cohort> cohorts) {
    List<Crossing> crossings = new ArrayList<>();
    List<Cohort> known =
        cohorts.stream().filter(c -> stored.registered(c.state()).isPresent()).toList();
    Harm harm = Harm.asThingsAre(known, stored, routes, Inquiry.Age.forGood(world));
    try {
      for (Cohort cohort : known) {
        if (keys.needsCrossing(cohort.state(), stored.profile(cohort.state()))) {
          crossings.add(of(cohort, harm));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return crossings;
  }

  private Crossing of(Cohort cohort, Harm harm) throws IOException {
    for (Share share : Route.SHARES) {
      Route route = routes.of(world, share);
      if (!hasCrossed(route.way(cohort.state()).end())) {
        return new Crossing(cohort, false, bridge(cohort.state(), route, harm));
      }
    }
    return new Crossing(cohort, true, Optional.empty());
  }

  /** The newest build that would lead over, were it a bridge, and nobody astray. */
  private Optional<ImageVersion> bridge(DeviceState state, Route route, Harm harm)
      throws IOException {
    for (ImageVersion build : stored.newest(state)) {
      if (!route.isBridge(state, build)
          && route.isSavedBy(build, state, this::hasCrossed)
          && !harm.isDoneByBridge(build, state)) {
        return Optional.of(build);
      }
    }
    return Optional.empty();
  }

  private boolean hasCrossed(DeviceState state) {
    return keys.hasCrossed(state, stored.profile(state));
  }
}
