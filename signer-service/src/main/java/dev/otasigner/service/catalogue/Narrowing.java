package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.catalogue.Head;
import java.util.Optional;
import java.util.Set;

/**
 * A release that shall reach fewer devices than it does.
 *
 * @param what the decision, such as {@code withdrawing}
 * @param listed whether it is listed at all afterwards
 * @param bridge whether it is a bridge afterwards
 * @param sharePerMille of the fleet afterwards
 * @param devices only these are reached no more; empty for the whole fleet
 */
public record Narrowing(
    ReleaseName release,
    String what,
    boolean listed,
    boolean bridge,
    int sharePerMille,
    Optional<Set<String>> devices) {

  public Narrowing {
    devices = devices.map(Set::copyOf);
  }

  static Narrowing to(ReleaseName release, ReleaseTerms terms) {
    return new Narrowing(
        release, "narrowing", true, terms.bridge(), terms.sharePerMille(), Optional.empty());
  }

  static Narrowing away(ReleaseName release, String what) {
    return new Narrowing(release, what, false, false, 0, Optional.empty());
  }

  static Narrowing toNobody(ReleaseName release, String what) {
    return new Narrowing(release, what, true, false, 0, Optional.empty());
  }

  /** These go on its hold list. */
  static Narrowing holding(ReleaseName release, Set<String> devices) {
    return new Narrowing(release, "holding devices off", true, false, 0, Optional.of(devices));
  }

  /** Whether the decision is about this device. */
  public boolean concerns(String deviceId) {
    return devices.isEmpty() || devices.get().contains(deviceId);
  }

  /** The head file as a device reads it that stands on hold lists: offered is what is left. */
  public static Head withoutHeld(Head head, String deviceId) {
    return new Head(
        head.channel(),
        head.hardware(),
        head.issued(),
        head.candidates().stream()
            .map(c -> isHeld(c, deviceId) ? listed(c, false, 0) : c)
            .toList());
  }

  /** Whether a listed build waits for this device. */
  public static boolean isHeld(Head.Candidate candidate, String deviceId) {
    return !candidate.hold().isEmpty()
        && candidate.hold().contains(Head.mark(candidate.salt(), deviceId));
  }

  /** How a candidate of a head file is listed afterwards, or empty when it is not. */
  public Optional<Head.Candidate> of(Head head, Head.Candidate candidate) {
    if (!head.channel().equals(release.channel())
        || !head.hardware().equals(release.hardware())
        || !candidate.version().equals(release.version())) {
      return Optional.of(candidate);
    }
    return listed ? Optional.of(listed(candidate, bridge, sharePerMille)) : Optional.empty();
  }

  private static Head.Candidate listed(Head.Candidate candidate, boolean bridge, int share) {
    return new Head.Candidate(
        candidate.version(),
        candidate.securityCounter(),
        candidate.manifest(),
        candidate.from(),
        candidate.variants(),
        bridge,
        candidate.salt(),
        share,
        candidate.hold(),
        candidate.test());
  }

  @Override
  public String toString() {
    return what + " " + release;
  }
}
