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
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One pass over an image's bytes: its hashes, that of the whole file, and what follows its TLVs.
 * What was read before is compared on the way, so that the judged structure is that of the hashed
 * bytes.
 */
final class ImageScan {
  static final int BUFFER_BYTES = 256 * 1024;

  /** No array is longer, in any JVM. */
  private static final int MAX_ARRAY_BYTES = Integer.MAX_VALUE - 8;

  private final Map<ImageHash, Bytes> hashes;
  private final byte[] region;
  private final SlotTrailer.Reader trailer;

  private ImageScan(Map<ImageHash, Bytes> hashes, byte[] region, SlotTrailer.Reader trailer) {
    this.hashes = hashes;
    this.region = region;
    this.trailer = trailer;
  }

  /**
   * What is wanted of the one pass.
   *
   * @param kinds hashes over header, payload and protected TLVs
   * @param region whether to keep these bytes, for pure signatures
   */
  record Wanted(Set<ImageHash> kinds, boolean region) {
    /** What these builds will ask for, and of that only what the image has at all. */
    static Wanted by(Collection<BootBuild> builds, McubootImage image) {
      Set<ImageHash> kinds = EnumSet.noneOf(ImageHash.class);
      boolean region = false;
      for (BootBuild build : builds) {
        if (!image.ofType(ImageKeyType.tlvOf(build.hash())).isEmpty()) {
          kinds.add(build.hash());
          region |= build.pure() && BootBuild.isMarkedPure(image);
        }
      }
      return new Wanted(kinds, region);
    }
  }

  /**
   * Refuses what is too long to be kept in memory.
   *
   * @param maxBytes the caller's limit, which no array exceeds in any case
   * @throws RejectedException LIMIT_EXCEEDED
   */
  static void requireKeepable(long signedBytes, long maxBytes) throws RejectedException {
    long limit = Math.min(maxBytes, MAX_ARRAY_BYTES);
    if (signedBytes > limit) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED,
          "an image with a pure signature must be in memory whole",
          "at most " + limit + " bytes",
          signedBytes + " bytes");
    }
  }

  /**
   * Reads the image once.
   *
   * @param maxRegionBytes no more is kept for a pure signature
   * @param stated is shown every byte of the file, when the file must be a certain one
   * @throws RejectedException LIMIT_EXCEEDED when it is too long to keep, IMAGE_LENGTH_MISMATCH and
   *     IMAGE_DIGEST_MISMATCH when the file is not the stated one
   * @throws IOException also when the file changed since its structure was read
   */
  static ImageScan of(
      ByteSource source,
      McubootImage image,
      Wanted wanted,
      long maxRegionBytes,
      @Nullable StatedFile stated)
      throws IOException, RejectedException {
    if (wanted.region) {
      requireKeepable(image.signedBytes(), maxRegionBytes);
    }
    Map<ImageHash, MessageDigest> digests = new EnumMap<>(ImageHash.class);
    for (ImageHash kind : wanted.kinds) {
      digests.put(kind, Digest.digest(kind.jcaName()));
    }
    byte[] region = new byte[wanted.region ? (int) image.signedBytes() : 0];
    byte[] tlvs = new byte[image.tlvBytes().length()];
    SlotTrailer.Reader trailer = new SlotTrailer.Reader(image.endOffset(), image.lengthBytes());
    byte[] head = new byte[McubootHeader.BYTES];
    byte[] buffer = new byte[BUFFER_BYTES];
    long at = 0;
    try (InputStream in = source.open()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (stated != null) {
          stated.update(buffer, count);
        }
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
        // A source that grows as it is read would otherwise be read for as long as it likes.
        if (at > image.lengthBytes()) {
          throw changed();
        }
      }
    }
    if (stated != null) {
      stated.finish();
    }
    if (at != image.lengthBytes()
        || !Bytes.copyOf(head).equals(image.headerBytes())
        || !Bytes.copyOf(tlvs).equals(image.tlvBytes())) {
      throw changed();
    }
    Map<ImageHash, Bytes> hashes = new EnumMap<>(ImageHash.class);
    digests.forEach((kind, digest) -> hashes.put(kind, Bytes.copyOf(digest.digest())));
    return new ImageScan(hashes, region, trailer);
  }

  static IOException changed() {
    return new IOException("the image changed while it was read");
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

  /**
   * Whether the file ends with a slot trailer.
   *
   * @throws RejectedException IMAGE_TRAILING_BYTES when anything else follows the TLVs
   */
  boolean hasTrailer() throws RejectedException {
    return trailer.finish();
  }
}
