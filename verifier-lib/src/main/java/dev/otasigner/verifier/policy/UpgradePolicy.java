package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.manifest.VersionRange;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The judgement: would a device in this state take this build? Device, command line and service ask
 * here and nowhere else.
 *
 * <p>The checks run in one order, and the first that says no gives the reason. Some of them read
 * the manifest before its signatures are checked; that is safe because nothing is returned until
 * all have passed, and it lets a device say "not for my hardware" rather than "not signed" of a
 * build that was never meant for it. Freshness and presence of the catalogue are the TUF client's;
 * whether the device can still reach a listener afterwards is the service's.
 */
public final class UpgradePolicy {
  private UpgradePolicy() {}

  /**
   * The whole judgement, on the real bytes, without a catalogue at hand: whether the metadata that
   * a device holds would do under the new profile is not asked.
   *
   * @param running the profile of the running build
   * @throws RejectedException with the reason of the first check that refuses; {@link Check} lists
   *     them
   * @throws IOException when image or component could not be read, which is no refusal
   * @throws IllegalArgumentException when {@code running} is not the profile of the device's state
   */
  public static Accepted judge(DeviceState device, Profile running, Candidate candidate)
      throws RejectedException, IOException {
    return judge(device, running, candidate, LineageCheck.NO_CATALOGUE);
  }

  /**
   * The same with the catalogue's metadata at hand.
   *
   * @throws RejectedException with the reason of the first check that refuses; PROFILE_UNFIT also
   *     when the device could not trust that metadata under the new profile
   * @throws IOException when image or component could not be read, which is no refusal
   * @throws IllegalArgumentException when {@code running} is not the profile of the device's state
   */
  public static Accepted judge(
      DeviceState device, Profile running, Candidate candidate, LineageCheck lineage)
      throws RejectedException, IOException {
    Head.Candidate listing = candidate.listing();
    requireListed(listing, candidate.variant());
    Manifest manifest = judgeManifest(device, running, listing, candidate.manifestEnvelope());
    VariantChoice.require(manifest, listing, candidate.variant(), device);
    Manifest.Variant variant = ListingCheck.variantOf(manifest, candidate.variant().name());
    Bootloader bootloader =
        judgeFiles(
            device.bootloader(),
            device.securityCounter(),
            manifest,
            variant,
            candidate.image(),
            candidate.bootloaderComponent());
    ProfileFit.require(manifest, candidate.brought(), running, lineage);
    Digest manifestDigest = Digest.of(candidate.manifestEnvelope());
    return new Accepted(
        manifest,
        variant,
        stateIfTaken(device, manifest, manifestDigest, candidate.brought(), bootloader));
  }

  /**
   * Every check that needs the bytes of image and component: what is left of the judgement once
   * {@link #judgeListing} has passed. Of the device it depends on nothing but what is named here.
   *
   * @param bootloader of the device
   * @param securityCounter of the device
   * @param manifest whose signatures have been checked
   * @param variant of the manifest, which the image is
   * @return the device's bootloader once the build is confirmed
   * @throws RejectedException with any reason of {@link Check#IMAGE}, {@link Check#BOOT} or {@link
   *     Check#BOOTLOADER}
   * @throws IOException when image or component could not be read, which is no refusal
   */
  public static Bootloader judgeFiles(
      Bootloader bootloader,
      long securityCounter,
      Manifest manifest,
      Manifest.Variant variant,
      ByteSource image,
      Optional<ByteSource> component)
      throws RejectedException, IOException {
    ImageCheck check = ImageCheck.read(bootloader, securityCounter, manifest, variant, image);
    check.requireBoots();
    Bootloader after = bootloaderAfter(bootloader, securityCounter, manifest, component);
    if (manifest.componentFor(bootloader).isPresent()) {
      check.requireBootsUnder(after);
    }
    return after;
  }

  /**
   * Every check that needs no image bytes, in the order of the judgement: what a device asks before
   * it downloads.
   *
   * @param running the profile of the running build
   * @param manifestEnvelope the DSSE envelope, as fetched
   * @param brought the profile that the manifest names
   * @throws RejectedException with the reason of the first check that refuses; {@link Check} lists
   *     them
   * @throws IllegalArgumentException when {@code running} is not the profile of the device's state
   */
  public static Eligible judgeListing(
      DeviceState device,
      Profile running,
      Head.Candidate listing,
      Bytes manifestEnvelope,
      Profile brought)
      throws RejectedException {
    Manifest manifest = judgeManifest(device, running, listing, manifestEnvelope);
    return judgeRest(device, running, listing, manifest, brought, LineageCheck.NO_CATALOGUE);
  }

  /** What {@link #judgeListing} asks of a manifest that {@link #judgeManifest} returned. */
  static Eligible judgeRest(
      DeviceState device,
      Profile running,
      Head.Candidate listing,
      Manifest manifest,
      Profile brought,
      LineageCheck lineage)
      throws RejectedException {
    Head.Variant file = VariantChoice.choose(manifest, listing, device);
    ProfileFit.require(manifest, brought, running, lineage);
    List<Check> remaining = new ArrayList<>(List.of(Check.IMAGE, Check.BOOT));
    if (manifest.componentFor(device.bootloader()).isPresent()) {
      remaining.add(Check.BOOTLOADER);
    }
    return new Eligible(manifest, ListingCheck.variantOf(manifest, file.name()), file, remaining);
  }

  /**
   * What the listing alone can refuse, so that a device which is up to date fetches nothing more
   * than the head file.
   */
  static void judgeHead(DeviceState device, Head.Candidate listing) throws RejectedException {
    requireNewer(device, listing.version());
    requireFrom(device, listing.from());
    requireCounter(device, listing.securityCounter());
  }

  /** The checks up to the manifest's signatures, and whether the bootloader may change. */
  static Manifest judgeManifest(
      DeviceState device, Profile running, Head.Candidate listing, Bytes manifestEnvelope)
      throws RejectedException {
    if (!running.digest().equals(device.running().profile())) {
      throw new IllegalArgumentException("not the profile that the device's state names");
    }
    Envelope envelope = Envelope.read(manifestEnvelope.toByteArray());
    Manifest manifest = ManifestCheck.readUnverified(envelope);
    ListingCheck.require(device, listing, manifest);
    requireProduct(device, manifest);
    requireHardware(device, manifest);
    requireNewer(device, manifest.version());
    requireFrom(device, manifest.from());
    requireComponents(device, manifest);
    requireCounter(device, manifest.securityCounter());
    ManifestCheck.requireRule(envelope, running);
    requireBootloaderMayChange(device, manifest);
    return manifest;
  }

  private static void requireListed(Head.Candidate listing, Head.Variant variant)
      throws RejectedException {
    if (!listing.variants().contains(variant)) {
      throw new RejectedException(
          Reason.NOT_LISTED,
          "the head file lists no such variant of version " + listing.version(),
          listing.variants().stream().map(Head.Variant::name).toList(),
          variant.name());
    }
  }

  private static void requireProduct(DeviceState device, Manifest manifest)
      throws RejectedException {
    if (!manifest.product().equals(device.product())) {
      throw new RejectedException(
          Reason.WRONG_PRODUCT, "made for another product", device.product(), manifest.product());
    }
  }

  private static void requireHardware(DeviceState device, Manifest manifest)
      throws RejectedException {
    DeviceState.Hardware here = device.hardware();
    for (Manifest.Hardware hardware : manifest.hardware()) {
      if (hardware.id().equals(here.id()) && hardware.revisions().contains(here.revision())) {
        return;
      }
    }
    throw new RejectedException(
        Reason.WRONG_HARDWARE,
        "made for other hardware",
        here.id() + " revision " + here.revision(),
        manifest.hardware());
  }

  private static void requireNewer(DeviceState device, ImageVersion offered)
      throws RejectedException {
    if (!offered.isNewerThan(running(device))) {
      throw new RejectedException(
          Reason.VERSION_NOT_NEWER,
          offered.equals(running(device))
              ? "this version is running already"
              : "older than the running build",
          "newer than " + running(device),
          offered);
    }
  }

  private static void requireFrom(DeviceState device, List<VersionRange> from)
      throws RejectedException {
    if (!from.isEmpty() && from.stream().noneMatch(range -> range.contains(running(device)))) {
      throw new RejectedException(
          Reason.NOT_FROM_HERE, "cannot be taken from the running build", from, running(device));
    }
  }

  private static void requireComponents(DeviceState device, Manifest manifest)
      throws RejectedException {
    for (Manifest.Requirement required : manifest.requires()) {
      ImageVersion installed = device.components().get(required.component());
      if (installed == null || required.min().isNewerThan(installed)) {
        throw new RejectedException(
            Reason.COMPONENT_MISSING,
            "a required component is absent or too old",
            required.component() + " " + required.min() + " or newer",
            installed == null ? "none" : installed);
      }
    }
  }

  /** Asked of every device, whether or not its bootloader compares counters itself. */
  private static void requireCounter(DeviceState device, long offered) throws RejectedException {
    if (offered < device.securityCounter()) {
      throw new RejectedException(
          Reason.SECURITY_COUNTER_TOO_LOW,
          "would roll back the security counter",
          device.securityCounter() + " or higher",
          offered);
    }
  }

  private static void requireBootloaderMayChange(DeviceState device, Manifest manifest)
      throws RejectedException {
    Optional<Manifest.BootloaderComponent> brought = manifest.componentFor(device.bootloader());
    if (brought.isPresent() && !device.bootloader().updatable()) {
      throw new RejectedException(
          Reason.BOOTLOADER_FIXED,
          "brings a new bootloader, and this one can never change",
          device.bootloader().id(),
          brought.get().id());
    }
  }

  /** The bootloader once the build is confirmed: the component's, or the present one. */
  private static Bootloader bootloaderAfter(
      Bootloader bootloader,
      long securityCounter,
      Manifest manifest,
      Optional<ByteSource> component)
      throws RejectedException, IOException {
    boolean stated = manifest.bootloader().isPresent();
    Optional<Manifest.BootloaderComponent> brought = manifest.componentFor(bootloader);
    if (stated && brought.isEmpty()) {
      return ImageCheck.committed(bootloader); // it is there: whoever has the file at hand or not
    }
    if (stated != component.isPresent()) {
      throw new RejectedException(
          Reason.BOOTLOADER_COMPONENT,
          stated
              ? "the manifest brings a bootloader component, and its file is absent"
              : "a bootloader component that the manifest does not bring");
    }
    return brought.isEmpty()
        ? ImageCheck.committed(bootloader)
        : BootloaderComponent.judge(bootloader, securityCounter, brought.get(), component.get());
  }

  /**
   * What becomes of a device that takes a build, whether or not it would: the state once the build
   * has run, been confirmed and been reset. That is the running documents, the counter, the
   * lineage, whose chain starts anew at its first root when it changes, and the floor of the clock.
   *
   * @param manifestDigest of the manifest's file
   * @param bootloader what {@link #judgeFiles} returned
   */
  public static DeviceState stateIfTaken(
      DeviceState device,
      Manifest manifest,
      Digest manifestDigest,
      Profile brought,
      Bootloader bootloader) {
    String lineage = brought.lineage().name();
    Instant floor = device.clock().floor();
    return new DeviceState(
        device.deviceId(),
        device.product(),
        device.hardware(),
        device.channel(),
        new DeviceState.Clock(
            device.clock().kind(), floor.isAfter(manifest.built()) ? floor : manifest.built()),
        bootloader,
        new DeviceState.Running(manifest.version(), manifestDigest, brought.digest()),
        device.components(),
        Math.max(device.securityCounter(), manifest.securityCounter()),
        lineage,
        lineage.equals(device.lineage()) ? device.rootVersion() : 1,
        device.clientCert());
  }

  /**
   * The same of a build without a bootloader component that the device would install.
   *
   * @throws IllegalArgumentException when the manifest brings one, whose file decides what the
   *     bootloader becomes
   */
  public static DeviceState stateIfTaken(
      DeviceState device, Manifest manifest, Digest manifestDigest, Profile brought) {
    if (manifest.componentFor(device.bootloader()).isPresent()) {
      throw new IllegalArgumentException("a bootloader component decides what the device becomes");
    }
    Bootloader bootloader = ImageCheck.committed(device.bootloader());
    return stateIfTaken(device, manifest, manifestDigest, brought, bootloader);
  }

  private static ImageVersion running(DeviceState device) {
    return device.running().version();
  }
}
