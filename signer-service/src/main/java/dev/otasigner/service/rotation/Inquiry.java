package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * One change to one product, of which every cohort is asked.
 *
 * <p>Steps that are scheduled come after the change: a device goes as far as the change lets it,
 * and is asked where it has come to whether it is served once the steps are taken.
 */
final class Inquiry {
  private final Stored stored;
  private final Routes routes;
  private final Comparison really;
  private final Comparison byConfiguration;
  private final UnaryOperator<DeviceState> changed;
  private final BiPredicate<DeviceState, Profile> concerned;
  private final Ends ends;
  private final Harm harm;

  /**
   * What devices meet now, and what they meet later.
   *
   * @param later once the steps are taken that are scheduled; empty when there are none
   */
  record Age(World now, Optional<World> later) {
    static Age forGood(World world) {
      return new Age(world, Optional.empty());
    }

    static Age until(World now, World later) {
      return new Age(now, Optional.of(later));
    }

    /** As devices see it that read head files in a way of their own. */
    Age announcing(UnaryOperator<Head> seen) {
      return new Age(now.announcing(seen), later.map(world -> world.announcing(seen)));
    }
  }

  /** Something that the change would take away, and what would be if it were left. */
  record Kept(Repair repair, Age age) {}

  /**
   * Before the change, and after it.
   *
   * @param keeping what could be left as it is, to be tried as a repair
   */
  record Comparison(Age today, Age then, Supplier<List<Kept>> keeping) {
    Comparison announcing(UnaryOperator<Head> seen) {
      return new Comparison(
          today.announcing(seen),
          then.announcing(seen),
          () ->
              keeping.get().stream()
                  .map(kept -> new Kept(kept.repair(), kept.age().announcing(seen)))
                  .toList());
    }
  }

  /**
   * A question.
   *
   * @param routes of all that is asked in one question
   * @param really the service as it is
   * @param byConfiguration the service if everything did what it is configured to
   * @param changed what the change makes of a device itself
   * @param concerned whom the change is about: they are stranded by it even if something else
   *     strands them besides
   * @param harm what builds would do that are not offered
   */
  Inquiry(
      Stored stored,
      Routes routes,
      Comparison really,
      Comparison byConfiguration,
      UnaryOperator<DeviceState> changed,
      BiPredicate<DeviceState, Profile> concerned,
      Ends ends,
      Harm harm) {
    this.stored = stored;
    this.routes = routes;
    this.really = really;
    this.byConfiguration = byConfiguration;
    this.changed = changed;
    this.concerned = concerned;
    this.ends = ends;
    this.harm = harm;
  }

  /**
   * Everyone must be served, in every share and out of it. A cohort that the change has nothing to
   * do with, and that was cut off before, is not cut off by it; but what cuts it off may pass, like
   * a failed handshake, and what the change takes from it by configuration does not.
   */
  CohortImpact of(Cohort cohort) {
    try {
      DeviceState before = cohort.state();
      DeviceState state = changed.apply(before);
      Optional<Obstacle> obstacle = Optional.empty();
      for (Share share : shares(really, state)) {
        if (obstacle.isEmpty()) {
          obstacle = obstacle(really.then(), state, share);
        }
      }
      if (obstacle.isEmpty()) {
        Route.Way way = way(really, state, Share.AS_IF_IN);
        return new CohortImpact(
            cohort, Optional.empty(), List.of(), way.builds(), ends.first(state, way.end()));
      }
      boolean isConcerned = concerned.test(before, stored.profile(before));
      for (Comparison comparison : List.of(really, byConfiguration)) {
        List<Share> stranded = stranded(comparison, before, state, isConcerned);
        if (!stranded.isEmpty()) {
          Share first = stranded.get(0);
          return new CohortImpact(
              cohort,
              obstacle(comparison.then(), state, first),
              repairs(comparison, state, stranded),
              way(comparison, state, first).builds(),
              Optional.empty());
        }
      }
      return new CohortImpact(
              cohort,
              obstacle,
              List.of(),
              way(really, state, Share.AS_IF_IN).builds(),
              Optional.empty())
          .asBefore();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In and out of every share; one of them when nothing is listed for a part of the fleet. */
  private List<Share> shares(Comparison comparison, DeviceState state) {
    return routes.shares(state, comparison.today().now(), comparison.then().now());
  }

  /** The shares in which the change cuts a cohort off. */
  private List<Share> stranded(
      Comparison comparison, DeviceState before, DeviceState state, boolean isConcerned)
      throws IOException {
    List<Share> stranded = new ArrayList<>();
    for (Share share : shares(comparison, state)) {
      if (obstacle(comparison.then(), state, share).isPresent()
          && (isConcerned || obstacle(comparison.today(), before, share).isEmpty())) {
        stranded.add(share);
      }
    }
    return stranded;
  }

  private Route.Way way(Comparison comparison, DeviceState state, Share share) throws IOException {
    return route(comparison.then().now(), share).way(state);
  }

  private Route route(World world, Share share) {
    return routes.of(world, share);
  }

  private Optional<Obstacle> obstacle(Age age, DeviceState state, Share share) throws IOException {
    return routes.obstacle(age, state, share);
  }

  /** What serves the cohort in every share in which it is stranded. */
  private List<Repair> repairs(Comparison comparison, DeviceState state, List<Share> stranded)
      throws IOException {
    List<Repair> repairs = new ArrayList<>(repairs(comparison, state, stranded.get(0)));
    for (Share share : stranded.subList(1, stranded.size())) {
      repairs.retainAll(repairs(comparison, state, share));
    }
    if (repairs.stream().noneMatch(Repair::isByBuild)) {
      published(comparison, state, stranded)
          .ifPresent(build -> repairs.add(0, new Repair(Repair.Kind.PUBLISH, build.toString())));
    }
    return repairs;
  }

  /** Without what could be published. */
  private List<Repair> repairs(Comparison comparison, DeviceState state, Share share)
      throws IOException {
    List<Repair> repairs = new ArrayList<>();
    route(comparison.today().now(), share)
        .savedBy(state, after -> obstacle(comparison.then(), after, share).isEmpty())
        .ifPresent(build -> repairs.add(new Repair(Repair.Kind.WAIT, build.toString())));
    for (Kept kept : comparison.keeping().get()) {
      if (obstacle(kept.age(), state, share).isEmpty()) {
        repairs.add(kept.repair());
      }
    }
    return repairs;
  }

  /**
   * The newest build that is no bridge, as one would save the cohort in all of these shares, and
   * does no harm: to nobody, in this cohort or in another one, in these shares or outside of them.
   */
  private Optional<ImageVersion> published(
      Comparison comparison, DeviceState state, List<Share> stranded) throws IOException {
    for (ImageVersion build : stored.newest(state)) {
      boolean bridge = false;
      boolean saves = true;
      for (Share share : stranded) {
        Route now = route(comparison.today().now(), share);
        bridge |= now.isBridge(state, build);
        saves =
            saves
                && now.isSavedBy(
                    build, state, after -> obstacle(comparison.then(), after, share).isEmpty());
      }
      if (saves && !bridge && !harm.isDoneByBridge(build, state)) {
        return Optional.of(build);
      }
    }
    return Optional.empty();
  }
}
