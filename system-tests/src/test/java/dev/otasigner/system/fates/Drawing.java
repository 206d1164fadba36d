package dev.otasigner.system.fates;

import dev.otasigner.system.fates.FleetPlan.Bootloader;
import dev.otasigner.system.fates.FleetPlan.Build;
import dev.otasigner.system.fates.FleetPlan.Change;
import dev.otasigner.system.fates.FleetPlan.Device;
import dev.otasigner.system.fates.FleetPlan.Door;
import dev.otasigner.system.fates.FleetPlan.From;
import dev.otasigner.system.fates.FleetPlan.Kind;
import dev.otasigner.system.fates.FleetPlan.Offer;
import dev.otasigner.system.fates.FleetPlan.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Draws a fleet. Many draws make no sense to a maker of devices; the service has to bear them. */
final class Drawing {
  static final String OLD_IMAGE = "image-old";
  static final String NEW_IMAGE = "image-new";
  static final String OLD_MANIFEST = "manifest-old";
  static final String NEW_MANIFEST = "manifest-new";

  private static final int FACTORY = 10;
  private static final int SECOND_FACTORY = 11;
  private static final int FIRST_BRIDGE = 12;
  private static final int HEAD = 30;

  private final long seed;
  private final Random random;
  private final Kind kind;

  private Drawing(long seed) {
    this.seed = seed;
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    List<Kind> kinds = List.of(Kind.values());
    this.kind = kinds.get((int) Math.floorMod(seed, (long) kinds.size()));
  }

  /** Kinds of change take turns from seed to seed; all else is random. */
  static FleetPlan of(long seed) {
    return new Drawing(seed).plan();
  }

  private FleetPlan plan() {
    List<Profile> profiles = List.of(legacy(), next());
    List<Build> builds = new ArrayList<>();
    builds.add(factory(FACTORY));
    if (chance(40)) {
      builds.add(factory(SECOND_FACTORY));
    }
    int bridges = pick(0, 1, 1, 2, 2, 3);
    for (int i = 0; i < bridges; i++) {
      builds.add(bridge(FIRST_BRIDGE + i, profiles));
    }
    if (chance(30)) {
      builds.add(forgotten(FIRST_BRIDGE + bridges));
    }
    if (!chance(8)) {
      builds.add(head(profiles));
    }
    int share = kind != Kind.TIME && chance(20) ? 1 : 1000;
    return new FleetPlan(
        seed,
        keys(),
        bootloaders(),
        profiles,
        builds,
        devices(builds, share),
        share,
        share < 1000 || chance(40),
        change(builds));
  }

  private List<FleetPlan.Key> keys() {
    return List.of(
        new FleetPlan.Key(
            OLD_IMAGE, "image", pick("ecdsa-p256-sha256", "ecdsa-p256-sha256", "ed25519")),
        new FleetPlan.Key(
            NEW_IMAGE, "image", pick("ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384")),
        new FleetPlan.Key(OLD_MANIFEST, "manifest", pick("ecdsa-p256-sha256", "ed25519")),
        new FleetPlan.Key(
            NEW_MANIFEST, "manifest", pick("ed25519", "ecdsa-p384-sha384", "ml-dsa-65")));
  }

  /** The first one is in old devices, the second one comes with builds, the third in young ones. */
  private List<Bootloader> bootloaders() {
    return List.of(
        new Bootloader("boot1", List.of(OLD_IMAGE), chance(80)),
        new Bootloader(
            "boot2", chance(50) ? List.of(NEW_IMAGE) : List.of(OLD_IMAGE, NEW_IMAGE), chance(80)),
        new Bootloader("boot3", List.of(OLD_IMAGE, NEW_IMAGE), chance(50)));
  }

  private Profile legacy() {
    boolean both = chance(30);
    return new Profile(
        "legacy",
        "any",
        both ? List.of(OLD_MANIFEST, NEW_MANIFEST) : List.of(OLD_MANIFEST),
        "main",
        false,
        chance(20) ? List.of(Door.LEGACY, Door.MODERN) : List.of(Door.LEGACY),
        chance(10) ? "rsa-2048" : "p-256");
  }

  private Profile next() {
    boolean other = chance(55);
    List<String> keys = chance(65) ? List.of(NEW_MANIFEST) : List.of(OLD_MANIFEST, NEW_MANIFEST);
    int doors = random.nextInt(10);
    return new Profile(
        "next",
        chance(60) ? "all" : "any",
        keys,
        other ? "second" : "main",
        other && chance(40),
        doors < 6
            ? List.of(Door.MODERN)
            : doors < 8 ? List.of(Door.LEGACY, Door.MODERN) : List.of(Door.LEGACY),
        chance(50) ? "p-384" : "p-256");
  }

  private Build factory(int major) {
    return new Build(
        major,
        "legacy",
        chance(30) ? List.of(OLD_IMAGE, NEW_IMAGE) : List.of(OLD_IMAGE),
        chance(30) ? List.of(OLD_MANIFEST, NEW_MANIFEST) : List.of(OLD_MANIFEST),
        Optional.empty(),
        Optional.empty(),
        Offer.FACTORY);
  }

  private Build bridge(int major, List<Profile> profiles) {
    int offer = random.nextInt(20);
    int from = random.nextInt(20);
    return build(
        major,
        profiles.get(chance(80) ? 1 : 0),
        from < 14
            ? Optional.empty()
            : Optional.of(
                from < 17
                    ? new From(FACTORY, SECOND_FACTORY)
                    : new From(SECOND_FACTORY, Math.max(SECOND_FACTORY, major - 1))),
        offer < 11
            ? Offer.BRIDGE
            : offer < 14
                ? Offer.WITHDRAWN_BRIDGE
                : offer < 15 ? Offer.PAUSED_BRIDGE : Offer.UNLISTED,
        new int[] {15, 90});
  }

  /** What leads every device on that can be led on, and is offered to nobody. */
  private static Build forgotten(int major) {
    return new Build(
        major,
        "next",
        List.of(OLD_IMAGE, NEW_IMAGE),
        List.of(OLD_MANIFEST, NEW_MANIFEST),
        Optional.of("boot2"),
        Optional.empty(),
        Offer.UNLISTED);
  }

  private Build head(List<Profile> profiles) {
    return build(
        HEAD,
        profiles.get(chance(75) ? 1 : 0),
        chance(80) ? Optional.empty() : Optional.of(new From(FIRST_BRIDGE, HEAD - 1)),
        Offer.HEAD,
        new int[] {10, 55});
  }

  /** By old keys below the first of the marks, by both below the second, by new ones above. */
  private Build build(int major, Profile profile, Optional<From> from, Offer offer, int[] marks) {
    int image = random.nextInt(100);
    int manifest = random.nextInt(100);
    List<String> manifestKeys =
        new ArrayList<>(signers(manifest, marks, OLD_MANIFEST, NEW_MANIFEST));
    // A build has to meet the rule that it brings.
    for (String key : profile.keys()) {
      if (!manifestKeys.contains(key)
          && (profile.rule().equals("all")
              || manifestKeys.stream().noneMatch(profile.keys()::contains))) {
        manifestKeys.add(key);
      }
    }
    return new Build(
        major,
        profile.name(),
        signers(image, marks, OLD_IMAGE, NEW_IMAGE),
        manifestKeys,
        chance(offer == Offer.HEAD ? 25 : 65) ? Optional.of("boot2") : Optional.empty(),
        from,
        offer);
  }

  private static List<String> signers(int drawn, int[] marks, String old, String fresh) {
    return drawn < marks[0]
        ? List.of(old)
        : drawn < marks[1] ? List.of(old, fresh) : List.of(fresh);
  }

  /** Where the head is for a share there are two of each: one goes first, the other one waits. */
  private List<Device> devices(List<Build> builds, int share) {
    List<Integer> factory =
        builds.stream().filter(b -> b.offer() == Offer.FACTORY).map(Build::major).toList();
    int count = share < 1000 ? 2 + random.nextInt(2) : 3 + random.nextInt(3);
    List<Device> devices = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Device device =
          new Device(
              "d" + i,
              chance(60) ? "boot1" : "boot3",
              factory.get(random.nextInt(factory.size())),
              kind == Kind.TIME || chance(85),
              new int[] {0, 0, 1, 1, 4}[random.nextInt(5)],
              false,
              kind == Kind.TIME && chance(40));
      devices.add(device);
      if (share < 1000) {
        devices.add(
            new Device(
                "d" + i + "-first",
                device.bootloader(),
                device.build(),
                device.clock(),
                device.cycles(),
                true,
                false));
      }
    }
    return devices;
  }

  private Change change(List<Build> builds) {
    String image = chance(80) ? OLD_IMAGE : NEW_IMAGE;
    String manifest = chance(80) ? OLD_MANIFEST : NEW_MANIFEST;
    List<Door> doors = List.of(chance(80) ? Door.LEGACY : Door.MODERN);
    List<Integer> offered =
        builds.stream()
            .filter(b -> b.offer() == Offer.BRIDGE || b.offer() == Offer.HEAD)
            .map(Build::major)
            .toList();
    List<Integer> withdrawn =
        offered.isEmpty() ? List.of() : List.of(offered.get(random.nextInt(offered.size())));
    int days = new int[] {840, 960, 1000, 1100}[random.nextInt(4)];
    return switch (kind) {
      case NOTHING -> new Change(kind, List.of(), List.of(), List.of(), 0);
      case RETIRE_IMAGE_KEY -> new Change(kind, List.of(image), List.of(), List.of(), 0);
      case RETIRE_MANIFEST_KEY -> new Change(kind, List.of(manifest), List.of(), List.of(), 0);
      case RETIRE_BOTH -> new Change(kind, List.of(image, manifest), List.of(), List.of(), 0);
      case CLOSE_LISTENER, SUNSET -> new Change(kind, List.of(), doors, List.of(), 0);
      case CLOSE_AND_RETIRE ->
          new Change(kind, List.of(chance(50) ? image : manifest), doors, List.of(), 0);
      case WITHDRAW -> new Change(kind, List.of(), List.of(), withdrawn, 0);
      case TIME -> new Change(kind, List.of(), List.of(), List.of(), days);
    };
  }

  @SafeVarargs
  private <T> T pick(T... all) {
    return all[random.nextInt(all.length)];
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }
}
