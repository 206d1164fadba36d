package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.fleet.Profiles;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.rotation.Crossings.Crossing;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** How to sign the build that takes devices from an old key to a new one: the command line. */
@Component
final class SigningHints {
  private static final String PRODUCT = " --product ";

  private final FleetFacts fleet;
  private final Profiles profiles;
  private final Keyring keyring;
  private final Builds builds;

  SigningHints(FleetFacts fleet, Profiles profiles, Keyring keyring, Builds builds) {
    this.fleet = fleet;
    this.profiles = profiles;
    this.keyring = keyring;
    this.builds = builds;
  }

  /**
   * What is to be done for one hardware.
   *
   * @param what for people
   * @param command to be typed once the words in capitals are filled in, or empty when none helps
   */
  record Hint(String hardware, String what, Optional<String> command) {
    Json.Obj toJson() {
      return Json.object()
          .put("hardware", hardware)
          .put("what", what)
          .put("command", command.orElse(null))
          .build();
    }
  }

  /** One for each hardware, about its largest cohort that no build takes to the new key. */
  List<Hint> of(String product, Succession keys, List<Crossing> crossings) {
    Map<String, Cohort> largest = new LinkedHashMap<>();
    crossings.stream()
        .filter(Crossing::isUnsigned)
        .map(Crossing::cohort)
        .sorted(Comparator.comparingLong(Cohort::count).reversed())
        .forEach(cohort -> largest.putIfAbsent(cohort.state().hardware().id(), cohort));
    return largest.values().stream().map(cohort -> hint(product, keys, cohort)).toList();
  }

  private Hint hint(String product, Succession keys, Cohort cohort) {
    DeviceState state = cohort.state();
    String hardware = state.hardware().id();
    if (keys.before().state() != KeyState.ACTIVE) {
      return new Hint(
          hardware,
          "key "
              + keys.before().name()
              + " is "
              + keys.before().state().code()
              + ": nothing can be signed any more that devices on "
              + state.running().version()
              + " take, who trust no other",
          Optional.empty());
    }
    return keys.isOfImages() ? forImages(product, keys, state) : forManifests(product, keys, state);
  }

  private Hint forImages(String product, Succession keys, DeviceState state) {
    String hardware = state.hardware().id();
    Bootloader present = state.bootloader();
    if (!present.updatable()) {
      return new Hint(
          hardware,
          "bootloader "
              + present.id()
              + " is fixed: a key that is compiled into it can not be rotated",
          Optional.empty());
    }
    Optional<Bootloader> bringing =
        fleet.bootloaders(product, hardware).stream()
            .filter(bootloader -> anchor(bootloader, keys.after()).isPresent())
            .findFirst();
    if (bringing.isEmpty()) {
      return new Hint(
          hardware,
          "no bootloader of this hardware holds " + keys.after().name() + ": register one",
          Optional.of(
              "signer bootloaders add ID"
                  + PRODUCT
                  + product
                  + " --hardware "
                  + hardware
                  + " --anchor "
                  + keys.after().name()
                  + " --slot-bytes "
                  + present.slotBytes()));
    }
    Optional<BootAnchor> next = anchor(bringing.get(), keys.after());
    boolean inOneFile =
        anchor(present, keys.before()).map(SigningHints::way).equals(next.map(SigningHints::way));
    List<String> manifestKeys =
        names(
            KeyPurpose.MANIFEST,
            fleetProfile(product, state).anchors().stream().map(Anchor::keyId).toList());
    return new Hint(
        hardware,
        inOneFile
            ? "one image file, signed by both keys"
            : "two image files of one build, a variant for each key: their bootloaders check"
                + " different hashes",
        Optional.of(
            command(
                    product,
                    state,
                    List.of(keys.before().name(), keys.after().name()),
                    manifestKeys)
                + " --profile "
                + state.running().profile().hex()
                + " --bootloader "
                + bringing.get().id()));
  }

  private static Optional<BootAnchor> anchor(Bootloader bootloader, KeyEntry key) {
    return bootloader.anchors().stream().filter(a -> a.keyId().equals(key.keyId())).findFirst();
  }

  /** What keys have to agree on to sign one file: the same hash, in the same manner. */
  private static List<Object> way(BootAnchor anchor) {
    return List.of(anchor.hash(), anchor.pure());
  }

  private Hint forManifests(String product, Succession keys, DeviceState state) {
    String hardware = state.hardware().id();
    Optional<Profile> bringing =
        profiles.list(product).stream()
            .flatMap(digest -> profiles.find(product, digest).stream())
            .filter(profile -> trusts(profile, keys.after()))
            .reduce((older, newer) -> newer);
    if (bringing.isEmpty()) {
      return new Hint(
          hardware,
          "no profile names " + keys.after().name() + " in its manifest's rule: register one",
          Optional.of("signer profiles add PROFILE.json" + PRODUCT + product));
    }
    List<Digest> anchors =
        Stream.of(fleetProfile(product, state), bringing.get())
            .flatMap(profile -> profile.anchors().stream())
            .map(Anchor::keyId)
            .toList();
    List<Digest> booting = state.bootloader().anchors().stream().map(BootAnchor::keyId).toList();
    return new Hint(
        hardware,
        "one manifest, signed by both keys",
        Optional.of(
            command(
                    product,
                    state,
                    names(KeyPurpose.IMAGE, booting),
                    names(KeyPurpose.MANIFEST, anchors))
                + " --profile "
                + bringing.get().digest().hex()));
  }

  private static boolean trusts(Profile profile, KeyEntry key) {
    return profile.anchors().stream().anyMatch(a -> a.keyId().equals(key.keyId()));
  }

  private Profile fleetProfile(String product, DeviceState state) {
    return profiles
        .find(product, state.running().profile())
        .orElseThrow(() -> new IllegalStateException("a device's profile is unknown"));
  }

  /** The keys of these identifiers that sign today, by name. */
  private List<String> names(KeyPurpose purpose, List<Digest> keyIds) {
    Set<String> names = new LinkedHashSet<>();
    List<KeyEntry> all = keyring.list();
    for (Digest keyId : keyIds) {
      all.stream()
          .filter(key -> key.keyId().equals(keyId) && key.purpose() == purpose)
          .filter(key -> key.state() == KeyState.ACTIVE)
          .map(KeyEntry::name)
          .forEach(names::add);
    }
    return List.copyOf(names);
  }

  private String command(
      String product, DeviceState state, List<String> imageKeys, List<String> manifestKeys) {
    long counter =
        builds.newest(product, Optional.empty(), 1).stream()
            .mapToLong(build -> builds.manifest(build).securityCounter())
            .max()
            .orElse(state.securityCounter());
    List<String> words = new ArrayList<>();
    words.add("signer sign IMAGE" + PRODUCT + product);
    words.add("--hardware " + state.hardware().id());
    words.add("--version VERSION --security-counter " + counter);
    if (builds
        .find(product, state.running().version())
        .filter(build -> builds.manifest(build).format() == ImageFormat.OPAQUE)
        .isPresent()) {
      words.add("--format " + ImageFormat.OPAQUE.code());
    } else {
      imageKeys.forEach(key -> words.add("--image-key " + key));
    }
    manifestKeys.forEach(key -> words.add("--manifest-key " + key));
    return String.join(" ", words);
  }
}
