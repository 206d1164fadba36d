package dev.otasigner.device.agent;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A build that this device leaves alone: its very bytes were refused, or it failed to boot and
 * confirm itself again and again. Only what comes exactly as the catalogue lists it is judged so,
 * so nobody on the way can have a device leave a build alone by damaging it.
 *
 * @param manifest digest of the manifest's file
 * @param image digest of the image file that was tried
 * @param rounds how often it was left alone for a time
 * @param until then it is tried again; never, if there is no such time
 */
record LeftBuild(
    Digest manifest,
    Digest image,
    ImageVersion version,
    Reason reason,
    int rounds,
    Optional<Instant> until) {
  /** The first wait after a build did not confirm itself three times; each is twice the last. */
  private static final Duration FIRST_WAIT = Duration.ofDays(1);

  private static final int MOST_DOUBLINGS = 5;
  private static final int MAX_ROUNDS = 1000;

  /** The oldest is forgotten first; a channel lists fewer builds than this in practice. */
  private static final int MAX_BUILDS = 16;

  private static final int MAX_BYTES = 8192;

  /** For as long as it is listed. */
  static LeftBuild of(PendingUpgrade upgrade, Reason reason) {
    return new LeftBuild(
        upgrade.manifest(), upgrade.image(), upgrade.version(), reason, 0, Optional.empty());
  }

  /**
   * For a time: a build that did not confirm itself may be a good one that met a power cut or found
   * no network, so it gets another chance, each after a longer wait.
   *
   * @param rounds how often it was left alone before
   */
  static LeftBuild forNow(PendingUpgrade upgrade, Reason reason, int rounds, Instant now) {
    Duration wait = FIRST_WAIT.multipliedBy(1L << Math.min(rounds, MOST_DOUBLINGS));
    return new LeftBuild(
        upgrade.manifest(),
        upgrade.image(),
        upgrade.version(),
        reason,
        Math.min(rounds + 1, MAX_ROUNDS),
        Optional.of(now.truncatedTo(ChronoUnit.SECONDS).plus(wait)));
  }

  boolean isOver(Instant now) {
    return until.isPresent() && !now.isBefore(until.get());
  }

  boolean isOf(PendingUpgrade upgrade) {
    return manifest.equals(upgrade.manifest()) && image.equals(upgrade.image());
  }

  static List<LeftBuild> read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    List<LeftBuild> builds = new ArrayList<>();
    for (Fields build : fields.objects("builds", MAX_BUILDS)) {
      builds.add(
          new LeftBuild(
              build.digest("manifest"),
              build.digest("image"),
              build.version("version"),
              build.oneOf("reason", Reason::ofCode, "reason"),
              build.has("rounds") ? (int) build.integer("rounds", 0, MAX_ROUNDS) : 0,
              build.has("until") ? Optional.of(build.time("until")) : Optional.empty()));
    }
    return builds;
  }

  static byte[] toBytes(List<LeftBuild> builds) {
    List<Json> items = new ArrayList<>();
    for (LeftBuild build : builds.subList(Math.max(0, builds.size() - MAX_BUILDS), builds.size())) {
      items.add(
          Json.object()
              .put("manifest", build.manifest)
              .put("image", build.image)
              .put("version", build.version.toString())
              .put("reason", build.reason.code())
              .put("rounds", build.rounds)
              .put("until", build.until.orElse(null))
              .build());
    }
    return Json.object().put("schema", 1).put("builds", items).build().canonicalBytes();
  }
}
