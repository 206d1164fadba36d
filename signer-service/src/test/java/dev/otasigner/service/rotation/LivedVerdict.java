package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.service.rotation.LivedFates.Ground;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a change really does to a device, and everything that would have saved it. */
final class LivedVerdict {
  /** Among the first of a staged release, and among the last. */
  private static final List<Boolean> SHARES = List.of(true, false);

  private final DrawnProduct product;
  private final LivedFates fates;
  private final Map<String, Head> announced;
  private final List<Integer> ports;
  private final DrawnChange change;
  private final DeviceState before;
  private final DeviceState state;
  private final Profile profile;
  private final Collection<DeviceState> fleet;

  /**
   * The verdict on one device.
   *
   * @param fleet all devices, as they are before the change
   */
  LivedVerdict(
      DrawnProduct product,
      LivedFates fates,
      Map<String, Head> announced,
      List<Integer> ports,
      DrawnChange change,
      DeviceState before,
      Profile profile,
      Collection<DeviceState> fleet) {
    this.product = product;
    this.fates = fates;
    this.announced = Map.copyOf(announced);
    this.ports = List.copyOf(ports);
    this.change = change;
    this.before = before;
    this.state = change.of(before);
    this.profile = profile;
    this.fleet = Set.copyOf(fleet);
  }

  private Ground today() {
    return ground(Set.of(), DrawnChange.NOTHING);
  }

  /** A key that has stopped has signed what there is. */
  private static Ground asSigned() {
    return new Ground(Set.of(), Set.of(), false, Set.of(), Set.of(), Optional.empty());
  }

  private Ground then() {
    return ground(change.stopping(product), change);
  }

  private Ground ground(Set<Signer> stopping, DrawnChange made) {
    Set<Digest> gone = new HashSet<>();
    stopping.forEach(key -> gone.add(key.keyId()));
    product.stopped().ifPresent(key -> gone.add(key.keyId()));
    return new Ground(
        gone, made.withdrawn(), made.hybrid(), made.shut(), made.ended(), Optional.empty());
  }

  private boolean isServed(Ground ground, boolean first) {
    return fates.life(state, ground, first).served();
  }

  private boolean wasServed(boolean first) {
    return fates.life(before, today(), first).served();
  }

  /** Who was cut off before is stranded by a change only if it is about them. */
  private boolean isConcerned() {
    Set<Digest> own =
        before.bootloader().anchors().stream().map(a -> a.keyId()).collect(Collectors.toSet());
    profile.anchors().forEach(anchor -> own.add(anchor.keyId()));
    return change.isNothing()
        || change.stopping(product).stream().anyMatch(key -> own.contains(key.keyId()))
        || change.shuts(profile, ports)
        || change.ended().contains(before.lineage());
  }

  /** In and out of staged releases: where the change cuts the device off. */
  List<Boolean> lost() {
    return SHARES.stream()
        .filter(first -> !isServed(then(), first) && (isConcerned() || wasServed(first)))
        .toList();
  }

  /** Where it is served all the same, and has to stay so whatever is done for the others. */
  private List<Boolean> unharmed() {
    return SHARES.stream().filter(first -> isServed(then(), first)).toList();
  }

  boolean isStranded() {
    return !lost().isEmpty();
  }

  /** The builds that it takes, where the change cuts it off if it does anywhere. */
  List<ImageVersion> way() {
    List<Boolean> lost = lost();
    return fates.life(state, then(), lost.isEmpty() || lost.get(0)).way();
  }

  /** Builds that the device takes by itself today, at each of which the change does no harm. */
  Set<ImageVersion> waits() {
    return atAll(lost(), today());
  }

  private Set<ImageVersion> atAll(List<Boolean> shares, Ground ground) {
    Set<ImageVersion> all = new LinkedHashSet<>();
    for (boolean first : shares) {
      Set<ImageVersion> own = new LinkedHashSet<>();
      for (DeviceState stop : fates.life(state, ground, first).stops()) {
        if (fates.life(stop, then(), first).served()) {
          own.add(stop.running().version());
        }
      }
      if (first == shares.get(0)) {
        all.addAll(own);
      } else {
        all.retainAll(own);
      }
    }
    return all;
  }

  /** Builds at which the device is safe once they are offered to everybody. */
  Set<ImageVersion> publishes() {
    Set<ImageVersion> saving = new LinkedHashSet<>();
    for (Build build : product.builds()) {
      if (build.version().isNewerThan(state.running().version())
          && !isBridge(build.version())
          && isSavedBy(build.version())
          && isHarmless(build.version())) {
        saving.add(build.version());
      }
    }
    return saving;
  }

  private boolean isBridge(ImageVersion version) {
    return announced.values().stream()
        .flatMap(head -> head.candidates().stream())
        .anyMatch(listed -> listed.bridge() && listed.version().equals(version));
  }

  private boolean isSavedBy(ImageVersion bridge) {
    return atAll(lost(), today().with(bridge)).contains(bridge);
  }

  /** Whoever takes it, in and out of staged releases, stays served if it was. */
  private boolean isHarmless(ImageVersion bridge) {
    for (DeviceState device : fleet) {
      for (boolean first : SHARES) {
        if (harms(bridge, device, today(), first)
            || harms(bridge, change.of(device), then(), first)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean harms(ImageVersion bridge, DeviceState device, Ground ground, boolean first) {
    return fates.life(device, ground, first).served()
        && fates.life(device, asSigned().with(bridge), first).stops().stream()
            .filter(stop -> stop.running().version().equals(bridge))
            .anyMatch(stop -> !fates.life(stop, ground, first).served());
  }

  /** What the change would take away, and does no harm without. */
  Set<String> keeps() {
    Set<String> saving = new LinkedHashSet<>();
    Set<Signer> stopping = change.stopping(product);
    for (Signer key : stopping) {
      Set<Signer> others = new LinkedHashSet<>(stopping);
      others.remove(key);
      if (isSafe(ground(others, change))) {
        saving.add("keep-key " + key.name());
      }
    }
    for (String door : change.doors()) {
      if (isSafe(ground(stopping, change.without(door)))) {
        saving.add("keep-listener " + door);
      }
    }
    return saving;
  }

  private boolean isSafe(Ground ground) {
    List<Boolean> all = new ArrayList<>(lost());
    all.addAll(unharmed());
    return all.stream().allMatch(first -> isServed(ground, first));
  }

  /** A build is needed by whoever runs it, and by whom nothing leads on while this may. */
  boolean needs(Build build) {
    boolean takes = fates.takes(before, build, today());
    return before.running().version().equals(build.version())
        || takes && SHARES.stream().anyMatch(first -> !wasServed(first));
  }
}
