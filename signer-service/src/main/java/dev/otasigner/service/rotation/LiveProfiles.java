package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/** The profiles that a product's devices run, and those that they are led to. */
@Component
class LiveProfiles {
  private final FleetFacts fleet;
  private final Builds builds;
  private final Catalogue catalogue;

  LiveProfiles(FleetFacts fleet, Builds builds, Catalogue catalogue) {
    this.fleet = fleet;
    this.builds = builds;
    this.catalogue = catalogue;
  }

  Collection<Profile> of(String product) {
    Stored stored = new Stored(product, fleet, builds, catalogue, List::of);
    Map<Digest, Profile> live = new LinkedHashMap<>();
    for (Cohort cohort : fleet.cohorts(product)) {
      DeviceState state = cohort.state();
      stored.registered(state).ifPresent(profile -> live.putIfAbsent(profile.digest(), profile));
      for (Head head : stored.heads(state)) {
        head.candidates().forEach(candidate -> add(live, candidate, stored));
      }
    }
    return live.values();
  }

  private static void add(Map<Digest, Profile> live, Head.Candidate candidate, Stored stored) {
    try {
      stored
          .build(candidate.version())
          .map(BuildFiles::profile)
          .ifPresent(profile -> live.putIfAbsent(profile.digest(), profile));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
