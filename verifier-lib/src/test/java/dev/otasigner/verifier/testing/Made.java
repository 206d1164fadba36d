package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Candidate;
import dev.otasigner.verifier.policy.Documents;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A build that {@link TestBuild} made.
 *
 * @param manifest before it was signed
 * @param envelope the manifest's file
 * @param images by the names of their variants
 * @param component the bootloader component's file
 * @param profile that it brings
 * @param listing as the head file should list it
 */
public record Made(
    Manifest manifest,
    Bytes envelope,
    Map<String, byte[]> images,
    Optional<byte[]> component,
    Profile profile,
    Head.Candidate listing) {

  /** The build with its first variant. */
  public Candidate candidate() {
    return candidate(listing.variants().get(0).name());
  }

  public Candidate candidate(String variant) {
    Head.Variant listed =
        listing.variants().stream().filter(v -> v.name().equals(variant)).findFirst().orElseThrow();
    return new Candidate(
        listing,
        listed,
        envelope,
        ByteSource.of(image(variant)),
        profile,
        component.map(ByteSource::of));
  }

  /** The image file of this variant. */
  public byte[] image(String variant) {
    return Objects.requireNonNull(images.get(variant), variant);
  }

  /** The build under another listing. */
  public Made listedAs(Head.Candidate other) {
    return new Made(manifest, envelope, images, component, profile, other);
  }

  /** A device that runs this build now. */
  public DeviceState installedOn(DeviceState device) {
    return new DeviceState(
        device.deviceId(),
        device.product(),
        device.hardware(),
        device.channel(),
        device.clock(),
        device.bootloader(),
        new DeviceState.Running(manifest.version(), Digest.of(envelope), profile.digest()),
        device.components(),
        manifest.securityCounter(),
        profile.lineage().name(),
        device.rootVersion(),
        device.clientCert());
  }

  /** A head file that lists these builds in this order. */
  public static Head head(Made... builds) {
    return new Head(
        TestFleet.CHANNEL,
        TestFleet.HARDWARE.id(),
        Instant.parse("2026-11-22T09:30:00Z"),
        Arrays.stream(builds).map(Made::listing).toList());
  }

  /** The manifests and profiles of these builds, at their paths. */
  public static Documents documents(Made... builds) {
    Map<String, Bytes> files = new HashMap<>();
    for (Made build : List.of(builds)) {
      files.put(build.listing.manifest(), build.envelope);
      files.put(
          CataloguePaths.profile(
              TestFleet.CHANNEL, TestFleet.HARDWARE.id(), build.profile.digest()),
          build.profile.bytes());
    }
    return (path, maxBytes) -> {
      Bytes file = files.get(path);
      if (file == null) {
        throw new RejectedException(Reason.TARGET_NOT_FOUND, path);
      }
      return file.toByteArray();
    };
  }
}
