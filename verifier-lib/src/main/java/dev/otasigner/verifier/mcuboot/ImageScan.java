package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * One pass over an image's bytes: its hashes, and what follows its TLVs. What was read before is
 * compared on the way, so that the judged structure is that of the hashed bytes.
 */
final class ImageScan {
  private static final int BUFFER_BYTES = 256 * 1024;

  /** No image for pure Ed25519 is longer: such bootloaders map the whole slot into memory. */
  static final int MAX_REGION_BYTES = 64 * 1024 * 1024;

  private final Map<ImageHash, Bytes> hashes;
  private final byte[] region;
  private final boolean hasTrailer;

  private ImageScan(Map<ImageHash, Bytes> hashes, byte[] region, boolean hasTrailer) {
    this.hashes = hashes;
    this.region = region;
    this.hasTrailer = hasTrailer;
  }

  /**
   * Reads the image once.
   *
   * @param kinds the hashes that are wanted
   * @param keep whether to keep the signed bytes, for pure signatures
   * @throws RejectedException IMAGE_TRAILING_BYTES, or LIMIT_EXCEEDED when it is too long to keep
   * @throws IOException also when the file changed since its structure was read
   */
  static ImageScan of(ByteSource source, McubootImage image, Set<ImageHash> kinds, boolean keep)
      throws IOException, RejectedException {
    if (keep && image.signedBytes() > MAX_REGION_BYTES) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED,
          "an image with a pure signature must be in memory whole",
          "at most " + MAX_REGION_BYTES + " bytes",
          image.signedBytes() + " bytes");
    }
    Map<ImageHash, MessageDigest> digests = new EnumMap<>(ImageHash.class);
    for (ImageHash kind : kinds) {
      digests.put(kind, Digest.digest(kind.jcaName()));
    }
    byte[] region = new byte[keep ? (int) image.signedBytes() : 0];
    byte[] tlvs = new byte[image.tlvBytes().length()];
    SlotTrailer.Reader trailer = new SlotTrailer.Reader(image.endOffset(), image.lengthBytes());
    byte[] head = new byte[McubootHeader.BYTES];
    byte[] buffer = new byte[BUFFER_BYTES];
    long at = 0;
    try (InputStream in = source.open()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        int covered = (int) Math.max(0, Math.min(count, image.signedBytes() - at));
        for (MessageDigest digest : digests.values()) {
          digest.update(buffer, 0, covered);
        }
        overlap(buffer, at, count, head, 0);
        overlap(buffer, at, count, tlvs, image.tlvOffset());
        overlap(buffer, at, count, region, 0);
        int end = (int) Math.max(0, Math.min(count, image.endOffset() - at));
        trailer.read(buffer, end, count, at + end);
        at += count;
      }
    }
    if (at != image.lengthBytes()
        || !Bytes.copyOf(head).equals(image.headerBytes())
        || !Bytes.copyOf(tlvs).equals(image.tlvBytes())) {
      throw new IOException("the image changed while it was read");
    }
    Map<ImageHash, Bytes> hashes = new EnumMap<>(ImageHash.class);
    digests.forEach((kind, digest) -> hashes.put(kind, Bytes.copyOf(digest.digest())));
    return new ImageScan(hashes, region, trailer.finish());
  }

  /** Copies what the buffer, which stands at {@code at}, shares with {@code into}. */
  private static void overlap(byte[] buffer, long at, int count, byte[] into, long intoAt) {
    long from = Math.max(at, intoAt);
    long to = Math.min(at + count, intoAt + into.length);
    if (from < to) {
      System.arraycopy(buffer, (int) (from - at), into, (int) (from - intoAt), (int) (to - from));
    }
  }

  /** Over header, payload and protected TLVs. */
  Bytes hash(ImageHash kind) {
    Bytes hash = hashes.get(kind);
    if (hash == null) {
      throw new IllegalStateException(kind + " was not asked for");
    }
    return hash;
  }

  /** Header, payload and protected TLVs; empty unless they were to be kept. */
  byte[] region() {
    return region;
  }

  /** Whether the file ends with a slot trailer. */
  boolean hasTrailer() {
    return hasTrailer;
  }
}
