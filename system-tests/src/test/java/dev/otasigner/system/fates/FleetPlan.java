package dev.otasigner.system.fates;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A small fleet and what is to happen to it, all of it drawn from one seed: the same seed is the
 * same fleet, so that its story can be told again with a repair.
 *
 * @param keys that images and manifests are signed with
 * @param profiles by name; {@code legacy} and {@code next}
 * @param builds oldest first; each has a major version of its own
 * @param share per mille of the devices that the head is for; 1000 for all
 * @param headLate the head is released once devices have taken what there was before it
 */
record FleetPlan(
    long seed,
    List<Key> keys,
    List<Bootloader> bootloaders,
    List<Profile> profiles,
    List<Build> builds,
    List<Device> devices,
    int share,
    boolean headLate,
    Change change) {
  FleetPlan {
    keys = List.copyOf(keys);
    bootloaders = List.copyOf(bootloaders);
    profiles = List.copyOf(profiles);
    builds = List.copyOf(builds);
    devices = List.copyOf(devices);
  }

  /** A key by its name within the product. */
  record Key(String name, String purpose, String suite) {}

  record Bootloader(String id, List<String> anchors, boolean updatable) {
    Bootloader {
      anchors = List.copyOf(anchors);
    }
  }

  /**
   * What a build makes of a device.
   *
   * @param rule {@code any} or {@code all} of the keys that have to sign the next manifest
   * @param hybrid the lineage's metadata has post-quantum signatures, and the profile demands them
   * @param speaks the listeners that devices can talk to
   * @param clientKey of TLS
   */
  record Profile(
      String name,
      String rule,
      List<String> keys,
      String lineage,
      boolean hybrid,
      List<Door> speaks,
      String clientKey) {
    Profile {
      keys = List.copyOf(keys);
      speaks = List.copyOf(speaks);
    }
  }

  /** A listener of the product's own. */
  enum Door {
    LEGACY("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa-2048"),
    MODERN("TLSv1.3", "TLS_AES_256_GCM_SHA384", "p-384");

    private final String version;
    private final String suite;
    private final String serverKey;

    Door(String version, String suite, String serverKey) {
      this.version = version;
      this.suite = suite;
      this.serverKey = serverKey;
    }

    /** Its name, behind that of the product. */
    String listener() {
      return name().toLowerCase(Locale.ROOT);
    }

    String version() {
      return version;
    }

    String suite() {
      return suite;
    }

    String serverKey() {
      return serverKey;
    }
  }

  /** What becomes of a build once it is signed. */
  enum Offer {
    /** It is in devices that leave the factory, and never released. */
    FACTORY,
    BRIDGE,
    WITHDRAWN_BRIDGE,
    PAUSED_BRIDGE,
    /** Signed and stored, and nobody has heard of it. */
    UNLISTED,
    HEAD
  }

  /**
   * A build.
   *
   * @param component the bootloader that it brings
   * @param from the lowest and the highest major version that it is taken from
   */
  record Build(
      int major,
      String profile,
      List<String> imageKeys,
      List<String> manifestKeys,
      Optional<String> component,
      Optional<From> from,
      Offer offer) {
    Build {
      imageKeys = List.copyOf(imageKeys);
      manifestKeys = List.copyOf(manifestKeys);
    }
  }

  record From(int lowest, int highest) {}

  /**
   * A device.
   *
   * @param build the major version that it left the factory with
   * @param clock whether it has one
   * @param cycles update cycles before anybody thinks of the change
   * @param first it goes first where the head is for a share; otherwise it waits
   * @param late made long after the others, where time is to pass
   */
  record Device(
      String id,
      String bootloader,
      int build,
      boolean clock,
      int cycles,
      boolean first,
      boolean late) {}

  /** What kind of thing happens. */
  enum Kind {
    NOTHING,
    RETIRE_IMAGE_KEY,
    RETIRE_MANIFEST_KEY,
    RETIRE_BOTH,
    CLOSE_LISTENER,
    CLOSE_AND_RETIRE,
    WITHDRAW,
    SUNSET,
    TIME
  }

  /**
   * What happens.
   *
   * @param retired keys that sign no more
   * @param closed listeners that go at once, or at their sunset
   * @param withdrawn major versions of releases that are no longer offered
   * @param days after the fleet was made, at which the question is asked
   */
  record Change(
      Kind kind, List<String> retired, List<Door> closed, List<Integer> withdrawn, int days) {
    Change {
      retired = List.copyOf(retired);
      closed = List.copyOf(closed);
      withdrawn = List.copyOf(withdrawn);
    }

    Change keepingKey(String key) {
      return new Change(
          kind, retired.stream().filter(k -> !k.equals(key)).toList(), closed, withdrawn, days);
    }

    Change keepingListener(String name) {
      return new Change(
          kind,
          retired,
          closed.stream().filter(door -> !door.listener().equals(name)).toList(),
          withdrawn,
          days);
    }
  }
}
