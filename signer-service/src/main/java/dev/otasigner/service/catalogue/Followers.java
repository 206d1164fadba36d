package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.LineagePolicy;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who follows a lineage, each kind of client once: devices that run under a profile of it, and
 * those that will once they have taken a build which is offered.
 *
 * @param profiles a profile of each kind, to name it by
 */
record Followers(Map<Follower, Digest> profiles) {
  static final Followers NONE = new Followers(Map.of());

  /**
   * A kind of client.
   *
   * @param policy whose signatures count
   * @param rootVersion from which it goes on
   */
  record Follower(LineagePolicy policy, long rootVersion) {}

  /**
   * Those of today.
   *
   * @param offered profiles of builds that are listed
   */
  static Followers of(LineageKey lineage, FleetFacts fleet, Collection<Profile> offered) {
    Map<Digest, Set<Long>> roots = new LinkedHashMap<>();
    for (FleetFacts.Client client : fleet.clients(lineage.product())) {
      Set<Long> versions =
          roots.computeIfAbsent(client.profile(), digest -> new HashSet<>(Set.of(1L)));
      if (client.lineage().equals(lineage.name())) {
        versions.add(client.rootVersion());
      }
    }
    Map<Digest, Profile> profiles = new HashMap<>();
    roots
        .keySet()
        .forEach(
            digest ->
                fleet
                    .profile(lineage.product(), digest)
                    .ifPresent(bytes -> profiles.put(digest, read(bytes))));
    for (Profile profile : offered) {
      profiles.put(profile.digest(), profile);
      roots.computeIfAbsent(profile.digest(), digest -> Set.of(1L));
    }
    Map<Follower, Digest> kinds = new LinkedHashMap<>();
    roots.forEach(
        (digest, versions) ->
            Optional.ofNullable(profiles.get(digest))
                .filter(profile -> profile.lineage().name().equals(lineage.name()))
                .map(LineagePolicy::of)
                .ifPresent(
                    policy ->
                        versions.forEach(
                            version -> kinds.putIfAbsent(new Follower(policy, version), digest))));
    return new Followers(kinds);
  }

  private static Profile read(Bytes bytes) {
    try {
      return Profile.read(bytes.toByteArray());
    } catch (RejectedException e) {
      throw new IllegalStateException("a registered profile is damaged", e);
    }
  }
}
