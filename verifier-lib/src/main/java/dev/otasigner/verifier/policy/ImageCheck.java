package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.mcuboot.BootedImage;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.List;

/** The checks of the judgement that need the image's bytes. */
final class ImageCheck {
  private static final int CHUNK_BYTES = 64 * 1024;

  private final DeviceState device;
  private final Manifest manifest;
  private final ByteSource image;

  ImageCheck(DeviceState device, Manifest manifest, ByteSource image) {
    this.device = device;
    this.manifest = manifest;
    this.image = image;
  }

  /**
   * Demands the length and digest that the manifest states, in one pass; a longer image is refused
   * as soon as it is too long.
   *
   * @throws RejectedException IMAGE_LENGTH_MISMATCH, IMAGE_DIGEST_MISMATCH
   */
  void requireBytes(Manifest.Variant variant) throws RejectedException, IOException {
    MessageDigest hash = Digest.sha256();
    long length = 0;
    try (InputStream in = image.open()) {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        length += n;
        if (length > variant.lengthBytes()) {
          throw wrongLength(variant, "more");
        }
        hash.update(chunk, 0, n);
      }
    }
    if (length != variant.lengthBytes()) {
      throw wrongLength(variant, length);
    }
    Digest digest = Digest.ofHash(hash.digest());
    if (!digest.equals(variant.sha256())) {
      throw new RejectedException(
          Reason.IMAGE_DIGEST_MISMATCH,
          "image is not the one the manifest names",
          variant.sha256(),
          digest);
    }
  }

  /**
   * Demands that the bootloader boots the image while it is on trial, and that the image is the
   * version and carries the counter that the manifest says. A component's anchors are on trial
   * beside the present ones.
   *
   * @throws RejectedException with any reason of {@link Check#BOOT}
   */
  void requireBoots() throws RejectedException, IOException {
    Bootloader present = committed(device.bootloader());
    Bootloader onTrial =
        manifest.bootloader().map(c -> withTrial(present, c.anchors())).orElse(present);
    if (manifest.format() == ImageFormat.OPAQUE) {
      requireFits(onTrial);
      return;
    }
    BootedImage booted = BootCheck.judge(image, onTrial, device.securityCounter());
    requireVersion(booted);
    requireCounter(booted);
  }

  /**
   * Demands that the bootloader which a component brings boots the image by itself: once the build
   * is confirmed, the old anchors are gone.
   */
  void requireBootsUnder(Bootloader next) throws RejectedException, IOException {
    try {
      if (manifest.format() == ImageFormat.OPAQUE) {
        requireFits(next);
      } else {
        BootCheck.judge(image, next, device.securityCounter());
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

  private void requireFits(Bootloader bootloader) throws RejectedException, IOException {
    if (image.lengthBytes() > bootloader.slotBytes()) {
      throw new RejectedException(
          Reason.IMAGE_TOO_LARGE,
          "image does not fit the slot",
          "at most " + bootloader.slotBytes() + " bytes",
          image.lengthBytes() + " bytes");
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

  private static RejectedException wrongLength(Manifest.Variant variant, Object found) {
    return new RejectedException(
        Reason.IMAGE_LENGTH_MISMATCH,
        "image length",
        variant.lengthBytes() + " bytes",
        found + " bytes");
  }
}
