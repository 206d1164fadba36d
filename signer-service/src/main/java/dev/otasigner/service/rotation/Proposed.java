package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.listeners.TlsReduction;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** What a change to a product comes to: the world before it, and after. */
final class Proposed {
  private static final Set<KeyState> STOPPED =
      EnumSet.of(KeyState.DEACTIVATED, KeyState.COMPROMISED, KeyState.DESTROYED);

  private final Change change;
  private final Stored stored;
  private final Doors doors;
  private final Standing standing;
  private final List<KeyEntry> signers;
  private final List<KeyEntry> others;
  private final Set<String> scheduled;

  /**
   * A change.
   *
   * @param keys all that there are
   */
  Proposed(
      String product,
      Change change,
      Stored stored,
      List<KeyEntry> keys,
      Doors doors,
      Standing standing) {
    this.change = change;
    this.stored = stored;
    this.doors = doors;
    this.standing = standing;
    List<KeyEntry> serving =
        keys.stream().filter(key -> isSigner(key) && mayServe(key, product)).toList();
    this.signers = serving.stream().filter(key -> isRetired(key, change)).toList();
    this.others = serving.stream().filter(key -> !isNamed(key, change)).toList();
    this.scheduled = doors.closing(change.at());
  }

  private static boolean isSigner(KeyEntry key) {
    return key.purpose() == KeyPurpose.IMAGE || key.purpose() == KeyPurpose.MANIFEST;
  }

  private static boolean mayServe(KeyEntry key, String product) {
    return key.product().isEmpty() || key.product().get().equals(product);
  }

  /** While a change is made, the key that it is about is stopped already. */
  private static boolean isNamed(KeyEntry key, Change change) {
    return change.retired().stream().anyMatch(r -> r.keyId().equals(key.keyId()));
  }

  private static boolean isRetired(KeyEntry key, Change change) {
    return isNamed(key, change)
        || !STOPPED.contains(key.state()) && key.suite().strengthBits() < change.minStrengthBits();
  }

  /** What devices really meet: doors that are shut and keys that are suspended serve nobody. */
  Inquiry.Comparison really() {
    return new View(doors::obstacle, stopped(true)).comparison();
  }

  /** What devices would meet if everything did what it is configured to. */
  Inquiry.Comparison byConfiguration() {
    return new View(doors::byConfiguration, stopped(false)).comparison();
  }

  private List<VerificationKey> stopped(boolean suspended) {
    return others.stream()
        .filter(
            key -> STOPPED.contains(key.state()) || suspended && key.state() == KeyState.SUSPENDED)
        .map(KeyEntry::key)
        .toList();
  }

  /** One way to see the service. */
  private final class View {
    private final BiFunction<Profile, TlsReduction, Optional<Obstacle>> unreachable;
    private final List<VerificationKey> stopped;
    private final List<Inquiry.Kept> kept = new ArrayList<>();

    View(
        BiFunction<Profile, TlsReduction, Optional<Obstacle>> unreachable,
        List<VerificationKey> stopped) {
      this.unreachable = unreachable;
      this.stopped = stopped;
    }

    Inquiry.Comparison comparison() {
      return new Inquiry.Comparison(today(), then(change.tls(), signers), this::keeping);
    }

    private World present(TlsReduction reduction) {
      return World.with(profile -> unreachable.apply(profile, reduction)).without(stopped);
    }

    private Inquiry.Age today() {
      return age(present(TlsReduction.NONE), TlsReduction.NONE);
    }

    private Inquiry.Age then(TlsReduction tls, List<KeyEntry> retired) {
      World left = present(tls).without(retired.stream().map(KeyEntry::key).toList());
      return age(left.announcing(head -> announced(head, left)).under(standing), tls);
    }

    private Inquiry.Age age(World world, TlsReduction tls) {
      return scheduled.isEmpty()
          ? Inquiry.Age.forGood(world)
          : Inquiry.Age.until(
              world, world.behind(profile -> unreachable.apply(profile, tls.and(scheduled))));
    }

    /** Made once: what is found out about one cohort is known of the next. */
    private List<Inquiry.Kept> keeping() {
      if (kept.isEmpty()) {
        kept.addAll(made());
      }
      return kept;
    }

    private List<Inquiry.Kept> made() {
      List<Inquiry.Kept> all = new ArrayList<>();
      for (String name : change.tls().listeners()) {
        all.add(
            new Inquiry.Kept(
                new Repair(Repair.Kind.KEEP_LISTENER, name),
                then(change.tls().keeping(name), signers)));
      }
      for (KeyEntry key : signers) {
        all.add(
            new Inquiry.Kept(
                new Repair(Repair.Kind.KEEP_KEY, key.name()),
                then(change.tls(), signers.stream().filter(k -> !k.equals(key)).toList())));
      }
      return all;
    }
  }

  /** What a build to come is signed with decides, as it does when it is judged. */
  private Head announced(Head head, World left) {
    return new Head(
        head.channel(),
        head.hardware(),
        head.issued(),
        head.candidates().stream()
            .filter(candidate -> !change.isWithdrawn(head, candidate))
            .filter(candidate -> !change.hybridManifests() || stored.isHybrid(candidate, left))
            .flatMap(candidate -> change.narrowed(head, candidate).stream())
            .toList());
  }

  /** What the change makes of a device itself. */
  DeviceState changed(DeviceState state) {
    return change.fixedBootloaders().contains(state.bootloader().id()) ? fixed(state) : state;
  }

  private static DeviceState fixed(DeviceState state) {
    Bootloader bootloader = state.bootloader();
    return state.withBootloader(
        new Bootloader(
            bootloader.id(),
            bootloader.anchors(),
            bootloader.trialAnchors(),
            bootloader.allowList(),
            bootloader.rollbackProtection(),
            false,
            bootloader.keyTlv(),
            bootloader.slotBytes()));
  }

  /** Whether a device's own anchors name a key that goes, or it speaks with what goes. */
  boolean concerns(DeviceState state, Profile profile) {
    return change.isNothing()
        || standing.concerns(state, profile)
        || signers.stream().anyMatch(key -> names(state, profile, key))
        || doors.isNarrowed(profile, change.tls());
  }

  private static boolean names(DeviceState state, Profile profile, KeyEntry key) {
    return state.bootloader().accepted().stream().anyMatch(a -> a.keyId().equals(key.keyId()))
        || profile.anchors().stream().anyMatch(a -> a.keyId().equals(key.keyId()));
  }

  /** What keeps a device from enrolling that has not done so yet. */
  Optional<Obstacle> notEnrolled(DeviceState state) {
    return !Cohort.isEnrolled(state)
            && doors.isKeptFromEnrolling(stored.profile(state), change.tls(), scheduled)
        ? Optional.of(
            Obstacle.unreachable(
                "it has not enrolled yet, and its profile names the port of no other listener that"
                    + " would enrol it"))
        : Optional.empty();
  }
}
