package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.DeviceState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/**
 * Holds what devices say of themselves against the builds they say they run. Who reports another
 * profile than its build brings trusts something else than is thought: nothing that is predicted of
 * it can be relied on.
 */
@Component
final class Declared {
  /** Profiles of so many builds are remembered; they are found again by the manifests' digests. */
  private static final int MAX = 100_000;

  private final Map<Digest, Digest> profiles = new ConcurrentHashMap<>();

  /** What is wrong with a state; nothing when the build is not here. */
  Optional<Obstacle> contradiction(DeviceState state, Stored stored) {
    Digest reported = state.running().profile();
    return profile(state, stored)
        .filter(declared -> !declared.equals(reported))
        .map(
            declared ->
                new Obstacle(
                    "profile",
                    "profile-mismatch",
                    "it reports profile "
                        + reported.hex()
                        + ", and its build brings "
                        + declared.hex()
                        + ": what it trusts is not known"));
  }

  private Optional<Digest> profile(DeviceState state, Stored stored) {
    Digest manifest = state.running().manifest();
    Digest known = profiles.get(manifest);
    if (known != null) {
      return Optional.of(known);
    }
    try {
      Optional<Digest> found =
          stored
              .build(state.running().version())
              .filter(build -> build.manifestDigest().equals(manifest))
              .map(build -> build.manifest().profile());
      found.ifPresent(profile -> remember(manifest, profile));
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void remember(Digest manifest, Digest profile) {
    if (profiles.size() >= MAX) {
      profiles.clear();
    }
    profiles.put(manifest, profile);
  }
}
