package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.rotation.Inquiry.Age;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.policy.Share;
import java.io.IOException;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The routes of one question, by world and share: what one cohort finds out, the next one knows.
 */
final class Routes {
  private final Stored stored;
  private final Edges edges;
  private final IdentityHashMap<World, Map<Share, Route>> known = new IdentityHashMap<>();

  Routes(Stored stored, Edges edges) {
    this.stored = stored;
    this.edges = edges;
  }

  Route of(World world, Share share) {
    return known
        .computeIfAbsent(world, w -> new EnumMap<>(Share.class))
        .computeIfAbsent(share, s -> new Route(world, stored, edges, s));
  }

  /** In and out of every share; one of them when nothing is listed for a part of the fleet. */
  List<Share> shares(DeviceState state, World... worlds) {
    for (World world : worlds) {
      if (of(world, Share.AS_IF_IN).isStaged(state)) {
        return Route.SHARES;
      }
    }
    return List.of(Share.AS_IF_IN);
  }

  /** What stops a device, now or where it has come to when the scheduled steps are taken. */
  Optional<Obstacle> obstacle(Age age, DeviceState state, Share share) throws IOException {
    Route.Way way = of(age.now(), share).way(state);
    if (way.obstacle().isPresent() || age.later().isEmpty()) {
      return way.obstacle();
    }
    return of(age.later().get(), share).obstacle(way.end());
  }
}
