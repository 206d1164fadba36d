package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
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
  private final Edges edges;

  /**
   * For one product.
   *
   * @param world as it is today, with every signature that stands in the stored bytes
   */
  Crossings(Succession keys, World world, Stored stored, Edges edges) {
    this.keys = keys;
    this.world = world;
    this.stored = stored;
    this.edges = edges;
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
    try {
      for (Cohort cohort : cohorts) {
        Optional<Profile> profile = stored.registered(cohort.state());
        if (profile.isPresent() && keys.needsCrossing(cohort.state(), profile.get())) {
          crossings.add(of(cohort));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return crossings;
  }

  private Crossing of(Cohort cohort) throws IOException {
    for (Share share : Route.SHARES) {
      Route route = new Route(world, stored, edges, share);
      if (!hasCrossed(route.way(cohort.state()).end())) {
        return new Crossing(cohort, false, route.unlisted(cohort.state(), this::hasCrossed));
      }
    }
    return new Crossing(cohort, true, Optional.empty());
  }

  private boolean hasCrossed(DeviceState state) {
    return keys.hasCrossed(state, stored.profile(state));
  }
}
