package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.VersionRange;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A small product as a seed draws it.
 *
 * @param seed by which it is drawn again
 * @param keys that sign its builds, of images and of manifests
 * @param stopped one of them that was deactivated before anybody asks
 * @param bootloaders the first is in most devices
 * @param profiles that builds bring
 * @param builds oldest first
 * @param devices each in a state of its own, or in that of another one
 */
record DrawnProduct(
    long seed,
    List<Signer> keys,
    Optional<Signer> stopped,
    List<Bootloader> bootloaders,
    List<Profile> profiles,
    List<Build> builds,
    List<Device> devices) {
  static final String HARDWARE = "gw";
  static final String REVISION = "a";
  static final String CHANNEL = "stable";

  DrawnProduct {
    keys = List.copyOf(keys);
    bootloaders = List.copyOf(bootloaders);
    profiles = List.copyOf(profiles);
    builds = List.copyOf(builds);
    devices = List.copyOf(devices);
  }

  /**
   * A key of which the service has the public half, and the test the private one.
   *
   * @param name in the service
   */
  record Signer(String name, KeyPurpose purpose, TestKey key) {
    Digest keyId() {
      return key.keyId();
    }

    boolean isPostQuantum() {
      return key.suite().isPostQuantum();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * How a build is offered.
   *
   * @param sharePerMille 0 while it is paused
   */
  record Terms(boolean bridge, int sharePerMille) {}

  /**
   * What is signed, and by whom.
   *
   * @param component the bootloader that it brings
   * @param from empty for any
   * @param terms empty while it is offered to nobody
   */
  record Build(
      ImageVersion version,
      long counter,
      Profile profile,
      List<Signer> imageKeys,
      List<Signer> manifestKeys,
      Optional<Bootloader> component,
      List<VersionRange> from,
      Optional<Terms> terms) {
    Build {
      imageKeys = List.copyOf(imageKeys);
      manifestKeys = List.copyOf(manifestKeys);
      from = List.copyOf(from);
    }

    /** What follows it and is like it, for devices that run it. */
    Build successor() {
      ImageVersion next =
          new ImageVersion(
              version.major(), version.minor(), version.revision(), version.build() + 1);
      return new Build(
          next,
          counter,
          profile,
          imageKeys,
          manifestKeys,
          component,
          from.isEmpty() ? from : List.of(new VersionRange(version, version)),
          Optional.of(new Terms(false, 1000)));
    }

    @Override
    public String toString() {
      return version
          + " counter "
          + counter
          + " brings "
          + told(profile)
          + component.map(c -> " and " + c.id()).orElse("")
          + " by "
          + imageKeys
          + manifestKeys
          + (from.isEmpty() ? "" : " from " + from)
          + terms.map(t -> " " + t).orElse(", not offered");
    }
  }

  /**
   * A device where it stands.
   *
   * @param build that it runs; empty when the service does not have it
   */
  record Device(
      String id,
      ImageVersion version,
      Optional<Build> build,
      Profile profile,
      Bootloader bootloader,
      long counter) {
    @Override
    public String toString() {
      return id
          + " on "
          + version
          + (build.isEmpty() ? ", which nobody has," : "")
          + " with "
          + bootloader.id()
          + " under "
          + told(profile)
          + " counter "
          + counter;
    }
  }

  /** Keys that sign as long as nothing changes. */
  List<Signer> signing() {
    return keys.stream().filter(key -> stopped.filter(key::equals).isEmpty()).toList();
  }

  Optional<Build> build(ImageVersion version) {
    return builds.stream().filter(b -> b.version().equals(version)).findFirst();
  }

  private static String told(Profile profile) {
    return profile.digest().abbreviated() + "(" + profile.lineage().name() + ")";
  }

  /** All of it, for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("seed " + seed);
    for (Signer key : keys) {
      text.append("\n  key ").append(key).append(' ').append(key.keyId().abbreviated());
    }
    stopped.ifPresent(key -> text.append("\n  stopped ").append(key));
    for (Bootloader bootloader : bootloaders) {
      text.append("\n  bootloader ")
          .append(bootloader.id())
          .append(bootloader.updatable() ? "" : " fixed")
          .append(bootloader.rollbackProtection() ? "" : " without rollback protection")
          .append(
              bootloader.anchors().stream()
                  .map(DrawnProduct::told)
                  .collect(Collectors.joining(",", " boots ", "")));
    }
    for (Profile profile : profiles) {
      text.append("\n  profile ")
          .append(told(profile))
          .append(' ')
          .append(profile.rule())
          .append(" ports ")
          .append(profile.ports());
    }
    builds.forEach(build -> text.append("\n  build ").append(build));
    devices.forEach(device -> text.append("\n  device ").append(device));
    return text.toString();
  }

  private static String told(BootAnchor anchor) {
    return anchor.keyId().abbreviated()
        + "/"
        + anchor.hash().code()
        + (anchor.pure() ? "-pure" : "");
  }
}
