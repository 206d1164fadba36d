package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * All that devices meet: the service as it is, or as a change would make it.
 *
 * @param gone keys whose signatures no build to come has
 * @param listing what becomes of a head file as it is announced now
 * @param unreachable what keeps a device with this profile from talking to the service
 * @param standing what keeps a device in this state, under this profile, from what it needs besides
 */
record World(
    Gone gone,
    UnaryOperator<Head> listing,
    Function<Profile, Optional<Obstacle>> unreachable,
    BiFunction<DeviceState, Profile, Optional<Obstacle>> standing) {

  /**
   * Keys that have stopped.
   *
   * @param ids of the same keys in order, by which answers are remembered
   */
  record Gone(List<VerificationKey> keys, List<Digest> ids) {
    static final Gone NONE = of(List.of());

    static Gone of(List<VerificationKey> keys) {
      return new Gone(
          List.copyOf(keys), keys.stream().map(VerificationKey::keyId).sorted().toList());
    }
  }

  /** Everything is signed and announced as now. */
  static World with(Function<Profile, Optional<Obstacle>> unreachable) {
    return new World(Gone.NONE, head -> head, unreachable, (state, profile) -> Optional.empty());
  }

  World without(List<VerificationKey> more) {
    List<VerificationKey> all = new ArrayList<>(gone.keys());
    more.stream().filter(key -> !isGone(key.keyId())).forEach(all::add);
    return new World(Gone.of(all), listing, unreachable, standing);
  }

  /** With all signatures that stand in the stored bytes: so devices find what is offered. */
  World asSigned() {
    return new World(Gone.NONE, listing, unreachable, standing);
  }

  /** As if this key went on signing. */
  World keeping(Digest keyId) {
    return new World(
        Gone.of(gone.keys().stream().filter(key -> !key.keyId().equals(keyId)).toList()),
        listing,
        unreachable,
        standing);
  }

  World announcing(UnaryOperator<Head> change) {
    return new World(gone, once(head -> change.apply(listing.apply(head))), unreachable, standing);
  }

  /** Thousands of cohorts read the same few head files. */
  private static UnaryOperator<Head> once(UnaryOperator<Head> change) {
    IdentityHashMap<Head, Head> known = new IdentityHashMap<>();
    return head -> known.computeIfAbsent(head, change);
  }

  World behind(Function<Profile, Optional<Obstacle>> other) {
    return new World(gone, listing, other, standing);
  }

  World under(BiFunction<DeviceState, Profile, Optional<Obstacle>> more) {
    return new World(
        gone,
        listing,
        unreachable,
        (state, profile) -> standing.apply(state, profile).or(() -> more.apply(state, profile)));
  }

  boolean isGone(Digest keyId) {
    return gone.ids().contains(keyId);
  }
}
