package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.fleet.AutomaticStop;
import dev.otasigner.service.fleet.Participants;
import dev.otasigner.service.fleet.Participants.Participant;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.catalogue.Head;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * How far rollouts have come: counted over the devices on record, by their own rule of who is in
 * share, from what they said when they checked in.
 */
@Component
class Rollouts {
  private final Participants participants;
  private final Builds builds;
  private final FleetFacts fleet;
  private final ReleaseDevices devices;
  private final ListeningTime listening;
  private final Clock clock;

  Rollouts(
      Participants participants,
      Builds builds,
      FleetFacts fleet,
      ReleaseDevices devices,
      ListeningTime listening,
      Clock clock) {
    this.participants = participants;
    this.builds = builds;
    this.fleet = fleet;
    this.devices = devices;
    this.listening = listening;
    this.clock = clock;
  }

  /** When the release ends by itself: as it says, or else as the product does. */
  Optional<AutomaticStop> stopOf(Release release) {
    return release
        .automaticStop()
        .or(() -> fleet.policy(release.product()).automaticStop())
        .filter(stop -> stop.action() != AutomaticStop.Action.NONE);
  }

  RolloutFigures of(Release release) {
    Build build =
        builds
            .find(release.product(), release.version())
            .orElseThrow(
                () -> new IllegalStateException("build " + release.version() + " is gone"));
    Head.Candidate candidate =
        HeadFile.candidate(
            new ChannelRole(release.channel(), release.hardware()),
            release,
            builds.manifest(build),
            ReleaseState.PUBLISHED,
            devices.of(release));
    Count count = new Count(release, build.manifest(), candidate);
    participants.forEach(release.product(), release.channel(), release.hardware(), count::add);
    return count.figures();
  }

  /** Silence that counts begins before this time; nothing when none counts. */
  private Optional<Instant> silentBefore(Release release, Instant now) {
    return stopOf(release)
        .flatMap(AutomaticStop::silence)
        .map(now::minus)
        .filter(before -> listening.since().filter(since -> !since.isAfter(before)).isPresent());
  }

  /** One count over a fleet. */
  private final class Count {
    private final Release release;
    private final Digest manifest;
    private final Head.Candidate candidate;
    private final Optional<Instant> silentBefore;
    private final Instant aliveFrom;
    private long all;
    private long heard;
    private long inShare;
    private long running;
    private long installed;
    private long failed;
    private long silent;
    private long others;
    private long othersHeard;

    Count(Release release, Digest manifest, Head.Candidate candidate) {
      this.release = release;
      this.manifest = manifest;
      this.candidate = candidate;
      Instant now = clock.instant();
      silentBefore = silentBefore(release, now);
      aliveFrom =
          stopOf(release)
              .flatMap(AutomaticStop::silence)
              .map(release.countingSince()::minus)
              .orElse(release.countingSince());
    }

    void add(Participant device) {
      all++;
      boolean isIn = candidate.isInShare(device.deviceId());
      boolean runs = device.manifest().equals(manifest);
      heard += device.lastSeen().isPresent() ? 1 : 0;
      inShare += isIn ? 1 : 0;
      running += runs ? 1 : 0;
      Optional<Participants.Tried> tried =
          device
              .tried()
              .filter(t -> t.version().equals(candidate.version()))
              .filter(t -> !t.at().isBefore(release.countingSince()));
      boolean offered = runs || isIn && candidate.version().isNewerThan(device.version());
      if (!runs && tried.isPresent() && !tried.get().installed()) {
        failed++;
      } else if (offered && isSilent(device)) {
        silent++;
      } else if (tried.isPresent() || runs && took(device)) {
        installed++;
      }
      if (!offered && isAlive(device)) {
        others++;
        othersHeard += isSilent(device) ? 0 : 1;
      }
    }

    /** A device that was made with it has executed nothing. */
    private boolean took(Participant device) {
      return !device.factoryBuild().equals(candidate.version())
          && device.lastSeen().filter(at -> !at.isBefore(release.countingSince())).isPresent();
    }

    private boolean isAlive(Participant device) {
      return device.lastSeen().filter(at -> !at.isBefore(aliveFrom)).isPresent();
    }

    private boolean isSilent(Participant device) {
      return silentBefore.isPresent()
          && isAlive(device)
          && device.lastSeen().orElseThrow().isBefore(silentBefore.get());
    }

    /** When the others are not heard either, it is not the build that keeps devices silent. */
    private boolean isQuietElsewhere() {
      return others > 0
          ? othersHeard * 2 < others
          : silentBefore
              .flatMap(before -> participants.lastHeard().filter(at -> !at.isBefore(before)))
              .isEmpty();
    }

    RolloutFigures figures() {
      long counted = silent > 0 && isQuietElsewhere() ? 0 : silent;
      return new RolloutFigures(all, heard, inShare, running, installed, failed, counted);
    }
  }
}
