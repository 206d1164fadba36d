package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootedImage;
import dev.otasigner.verifier.mcuboot.StatedImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The checks of the judgement that need the image's bytes. */
final class ImageCheck {
  private final long deviceCounter;
  private final Manifest manifest;
  private final Manifest.Variant variant;
  private final Bootloader onTrial;

  /** Empty for an opaque image, of which a bootloader checks nothing. */
  private final Optional<StatedImage> image;

  private ImageCheck(
      long deviceCounter,
      Manifest manifest,
      Manifest.Variant variant,
      Bootloader onTrial,
      Optional<StatedImage> image) {
    this.deviceCounter = deviceCounter;
    this.manifest = manifest;
    this.variant = variant;
    this.onTrial = onTrial;
    this.image = image;
  }

  /**
   * Demands the length and digest that the manifest states, and reads of the image, in that same
   * pass, all that its bootloaders will be asked: present anchors, and those of a component beside
   * them.
   *
   * @param bootloader of the device
   * @param deviceCounter its security counter
   * @throws RejectedException IMAGE_LENGTH_MISMATCH, IMAGE_DIGEST_MISMATCH; then any reason of
   *     {@link Check#BOOT}
   */
  static ImageCheck read(
      Bootloader bootloader,
      long deviceCounter,
      Manifest manifest,
      Manifest.Variant variant,
      ByteSource source)
      throws RejectedException, IOException {
    Bootloader present = committed(bootloader);
    Bootloader onTrial =
        manifest.componentFor(present).map(c -> withTrial(present, c.anchors())).orElse(present);
    if (manifest.format() == ImageFormat.OPAQUE) {
      StatedImage.require(source, variant.lengthBytes(), variant.sha256());
      return new ImageCheck(deviceCounter, manifest, variant, onTrial, Optional.empty());
    }
    StatedImage image = StatedImage.read(source, variant.lengthBytes(), variant.sha256(), onTrial);
    return new ImageCheck(deviceCounter, manifest, variant, onTrial, Optional.of(image));
  }

  /**
   * Demands that the bootloader boots the image while it is on trial, and that the image is the
   * version and carries the counter that the manifest says. A component's anchors are on trial
   * beside the present ones.
   *
   * @throws RejectedException with any reason of {@link Check#BOOT}
   */
  void requireBoots() throws RejectedException {
    if (image.isEmpty()) {
      requireFits(onTrial);
      return;
    }
    BootedImage booted = image.get().judge(onTrial, deviceCounter);
    requireVersion(booted);
    requireCounter(booted);
  }

  /**
   * Demands that the bootloader which a component brings boots the image by itself: once the build
   * is confirmed, the old anchors are gone.
   */
  void requireBootsUnder(Bootloader next) throws RejectedException {
    try {
      if (image.isEmpty()) {
        requireFits(next);
      } else {
        image.get().judge(next, deviceCounter);
      }
    } catch (RejectedException e) {
      throw e.in("under the new bootloader alone");
    }
  }

  private void requireVersion(BootedImage booted) throws RejectedException {
    if (!booted.version().equals(manifest.version())) {
      throw new RejectedException(
          Reason.IMAGE_VERSION,
          "the image's header carries another version than the manifest",
          manifest.version(),
          booted.version());
    }
  }

  private void requireCounter(BootedImage booted) throws RejectedException {
    if (booted.securityCounter().isEmpty()) {
      throw new RejectedException(
          Reason.IMAGE_COUNTER,
          "the image carries no security counter",
          manifest.securityCounter(),
          "none");
    }
    if (booted.securityCounter().getAsLong() != manifest.securityCounter()) {
      throw new RejectedException(
          Reason.IMAGE_COUNTER,
          "the image carries another security counter than the manifest",
          manifest.securityCounter(),
          booted.securityCounter().getAsLong());
    }
  }

  private void requireFits(Bootloader bootloader) throws RejectedException {
    if (variant.lengthBytes() > bootloader.slotBytes()) {
      throw new RejectedException(
          Reason.IMAGE_TOO_LARGE,
          "image does not fit the slot",
          "at most " + bootloader.slotBytes() + " bytes",
          variant.lengthBytes() + " bytes");
    }
  }

  /** The bootloader without anchors on trial: a revert would take these away. */
  static Bootloader committed(Bootloader bootloader) {
    return withTrial(bootloader, List.of());
  }

  private static Bootloader withTrial(Bootloader bootloader, List<BootAnchor> trial) {
    return new Bootloader(
        bootloader.id(),
        bootloader.anchors(),
        trial,
        bootloader.allowList(),
        bootloader.rollbackProtection(),
        bootloader.updatable(),
        bootloader.keyTlv(),
        bootloader.slotBytes());
  }
}
