package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Would this device's bootloader boot this image? */
public final class BootCheck {
  private BootCheck() {}

  /** What one build of a bootloader's validation has in common. */
  private record Kind(ImageKeyType type, ImageHash hash, boolean pure) {}

  /**
   * Accepts when the validation that belongs to some present or trial anchor accepts. Anchors of
   * equal suite and hash are judged together, as one bootloader that knows all of them: the last
   * signature by any of them decides (MCUboot design, "Integrity check" and "TLV allow list").
   *
   * @param storedCounter the device's security counter, u32; regarded only with rollback
   *     protection, and below zero when nothing has been stored
   * @throws RejectedException IMAGE_FORMAT, IMAGE_HASH, IMAGE_KEY_UNKNOWN, IMAGE_SIGNATURE,
   *     IMAGE_TLV_NOT_ALLOWED, IMAGE_TRAILING_BYTES, IMAGE_NOT_BOOTABLE, IMAGE_ENCRYPTED,
   *     IMAGE_COUNTER, IMAGE_TOO_LARGE, SECURITY_COUNTER_TOO_LOW, MALFORMED, or LIMIT_EXCEEDED when
   *     an image with a pure signature is too long to be held in memory; of several kinds of
   *     anchors, the reason of the one which came nearest
   * @throws IOException when it cannot be read, or changed while it was read
   */
  public static BootedImage judge(ByteSource source, Bootloader bootloader, long storedCounter)
      throws IOException, RejectedException {
    McubootImage image = McubootImage.read(source);
    ImageScan.Wanted wanted = wanted(image, bootloader);
    ImageScan scan = ImageScan.of(source, image, wanted, bootloader.slotBytes(), null);
    return judge(image, scan, bootloader, storedCounter);
  }

  /**
   * What must be read of the image to judge it.
   *
   * @throws RejectedException when no reading can make the bootloader boot it
   */
  static ImageScan.Wanted wanted(McubootImage image, Bootloader bootloader)
      throws RejectedException {
    requireBootable(image.header());
    requireFit(image, bootloader.slotBytes());
    ImageScan.Wanted wanted = ImageScan.Wanted.by(builds(bootloader, OptionalLong.empty()), image);
    if (wanted.region()) {
      ImageScan.requireKeepable(image.signedBytes(), bootloader.slotBytes());
    }
    return wanted;
  }

  /** The same as on a source, on what was read of it after {@link #wanted} let it pass. */
  static BootedImage judge(
      McubootImage image, ImageScan scan, Bootloader bootloader, long storedCounter)
      throws RejectedException {
    requireFit(image, bootloader.slotBytes());
    if (scan.hasTrailer() && image.lengthBytes() != bootloader.slotBytes()) {
      throw new RejectedException(
              Reason.IMAGE_TRAILING_BYTES,
              "a trailer that is not at the end of the slot",
              bootloader.slotBytes() + " bytes",
              image.lengthBytes() + " bytes")
          .at(image.endOffset());
    }
    OptionalLong stored =
        bootloader.rollbackProtection() ? OptionalLong.of(storedCounter) : OptionalLong.empty();
    return new Judgement(image, scan).any(builds(bootloader, stored));
  }

  /** The loader looks at these flags before it validates. */
  private static void requireBootable(McubootHeader header) throws RejectedException {
    header.requireBootable();
    if (header.isEncrypted()) {
      throw header.refused(Reason.IMAGE_ENCRYPTED, "the image is encrypted");
    }
    if (header.isCompressed()) {
      throw header.refused(Reason.IMAGE_FORMAT, "the image is compressed");
    }
  }

  private static void requireFit(McubootImage image, long slotBytes) throws RejectedException {
    long room = slotBytes - SlotTrailer.RESERVED_BYTES;
    if (image.endOffset() > room || image.lengthBytes() > slotBytes) {
      throw new RejectedException(
          Reason.IMAGE_TOO_LARGE,
          "the image does not fit the slot with its trailer",
          "at most " + Math.max(0, room) + " bytes",
          image.endOffset() + " bytes in a file of " + image.lengthBytes());
    }
  }

  private static List<BootBuild> builds(Bootloader bootloader, OptionalLong stored)
      throws RejectedException {
    Map<Kind, List<VerificationKey>> keys = new LinkedHashMap<>();
    for (BootAnchor anchor : bootloader.accepted()) {
      VerificationKey key = anchor.anchor().key();
      Kind kind = new Kind(ImageKeyType.of(key), anchor.hash(), anchor.pure());
      keys.computeIfAbsent(kind, k -> new ArrayList<>()).add(key);
    }
    List<BootBuild> builds = new ArrayList<>();
    keys.forEach(
        (kind, known) ->
            builds.add(
                new BootBuild(
                    kind.type,
                    known,
                    kind.hash,
                    kind.pure,
                    bootloader.keyTlv(),
                    bootloader.allowList(),
                    stored)));
    return builds;
  }
}
