package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import java.io.IOException;

/**
 * An image file of a stated length and digest, read in one pass and judged as often as is wanted:
 * the bytes that boot are the bytes that were stated (RFC 9124, THREAT.MFST.TOCTOU).
 *
 * <p>Header and TLV areas, at most 128 KiB, are looked at before the pass to learn which hashes to
 * take; the pass compares them with what it reads and hashes, so that a source which shows one file
 * now and another one then is never judged as either.
 */
public final class StatedImage {
  private final McubootImage image;
  private final ImageScan scan;

  private StatedImage(McubootImage image, ImageScan scan) {
    this.image = image;
    this.scan = scan;
  }

  /**
   * Demands a file of this length and digest, of whatever kind.
   *
   * @throws RejectedException IMAGE_LENGTH_MISMATCH, IMAGE_DIGEST_MISMATCH
   * @throws IOException when it cannot be read
   */
  public static void require(ByteSource source, long lengthBytes, Digest sha256)
      throws IOException, RejectedException {
    StatedFile stated = new StatedFile(lengthBytes, sha256);
    stated.requireLength(source);
    stated.read(source);
  }

  /**
   * Reads the file for this bootloader, and for others whose anchors are among its own.
   *
   * @throws RejectedException IMAGE_LENGTH_MISMATCH and IMAGE_DIGEST_MISMATCH before any other
   *     reason; then IMAGE_FORMAT, MALFORMED, IMAGE_NOT_BOOTABLE, IMAGE_ENCRYPTED, IMAGE_TOO_LARGE
   *     and LIMIT_EXCEEDED, which {@link #judge} would refuse without looking at hashes
   * @throws IOException also when the source does not show the same bytes twice
   */
  public static StatedImage read(
      ByteSource source, long lengthBytes, Digest sha256, Bootloader bootloader)
      throws IOException, RejectedException {
    StatedFile stated = new StatedFile(lengthBytes, sha256);
    stated.requireLength(source);
    McubootImage image;
    ImageScan.Wanted wanted;
    try {
      image = McubootImage.read(source);
      wanted = BootCheck.wanted(image, bootloader);
    } catch (RejectedException e) {
      // That it is not the stated file at all comes first.
      stated.read(source);
      throw e;
    }
    return new StatedImage(
        image, ImageScan.of(source, image, wanted, bootloader.slotBytes(), stated));
  }

  /**
   * Would this bootloader boot it? As {@link BootCheck#judge}, on the bytes that were read.
   *
   * @param storedCounter the device's security counter, u32, or below zero
   * @throws RejectedException with the reasons of {@link BootCheck#judge}
   * @throws IllegalStateException when the bootloader asks for what the file was not read for
   */
  public BootedImage judge(Bootloader bootloader, long storedCounter) throws RejectedException {
    return BootCheck.judge(image, scan, bootloader, storedCounter);
  }
}
