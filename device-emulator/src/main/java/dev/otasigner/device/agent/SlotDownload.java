package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;

/** Streams an image into the secondary slot, and goes on where an earlier start stopped. */
final class SlotDownload {
  private static final int MAX_FRUITLESS = 3;

  private final FlashRegion slot;
  private final TargetFile target;

  SlotDownload(FlashRegion slot, TargetFile target) throws RejectedException {
    this.slot = slot;
    this.target = target;
    if (target.lengthBytes() < 1 || target.lengthBytes() > slot.lengthBytes()) {
      throw new RejectedException(
          Reason.IMAGE_TOO_LARGE,
          "image does not fit the slot",
          slot.lengthBytes() + " bytes",
          target.lengthBytes() + " bytes");
    }
  }

  /** Erases what the slot holds of other images. */
  static void clear(FlashRegion slot) throws IOException {
    for (int sector = 0; sector < slot.sectorCount(); sector++) {
      slot.eraseIfUsed(sector);
    }
  }

  /**
   * Fetches what is missing; when it returns, the slot holds the listed file.
   *
   * @throws RejectedException TARGET_LENGTH_MISMATCH, TARGET_DIGEST_MISMATCH
   * @throws IOException when the connection keeps breaking; what has arrived stays
   */
  void run(Server server, String path) throws IOException, RejectedException {
    int fruitless = 0;
    long done = resumeOffset();
    while (done < target.lengthBytes()) {
      long before = done;
      try {
        fetch(server, path, done);
      } catch (IOException e) {
        done = resumeOffset();
        fruitless = done > before ? 0 : fruitless + 1;
        if (fruitless == MAX_FRUITLESS) {
          throw e;
        }
        continue;
      }
      done = target.lengthBytes();
    }
    verify();
  }

  /** Start of the last sector that holds anything: it may be torn, and is written again. */
  private long resumeOffset() throws IOException {
    for (int sector = slot.sectorCount() - 1; sector >= 0; sector--) {
      if (!slot.isErased(sector)) {
        return (long) sector * slot.sectorBytes();
      }
    }
    return 0;
  }

  private void fetch(Server server, String path, long from) throws IOException, RejectedException {
    Server.Download download = server.download(path, from);
    try (InputStream body = download.body()) {
      if (download.totalBytes() >= 0 && download.totalBytes() != target.lengthBytes()) {
        throw wrongLength(download.totalBytes());
      }
      // A server without ranges begins again; what is held already is not written twice.
      body.skipNBytes(from - download.offset());
      long at = from;
      while (at < target.lengthBytes()) {
        int wanted = (int) Math.min(slot.sectorBytes(), target.lengthBytes() - at);
        byte[] chunk = body.readNBytes(wanted);
        if (chunk.length < wanted) {
          throw wrongLength(at + chunk.length);
        }
        int sector = (int) (at / slot.sectorBytes());
        slot.eraseIfUsed(sector);
        slot.write(at, aligned(chunk));
        at += wanted;
      }
      if (body.read() >= 0) {
        throw wrongLength("more");
      }
    }
  }

  private byte[] aligned(byte[] chunk) {
    int align = slot.writeAlignBytes();
    int length = (chunk.length + align - 1) / align * align;
    byte[] aligned = Arrays.copyOf(chunk, length);
    Arrays.fill(aligned, chunk.length, length, slot.erased());
    return aligned;
  }

  /** TUF 5.7.3, on the bytes that are in flash rather than on those that went by. */
  private void verify() throws IOException, RejectedException {
    MessageDigest hash = Digest.sha256();
    try (InputStream in = slot.source(target.lengthBytes()).open()) {
      byte[] chunk = new byte[64 * 1024];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        hash.update(chunk, 0, n);
      }
    }
    Digest found = Digest.ofHash(hash.digest());
    Digest listed = sha256(target);
    if (!found.equals(listed)) {
      throw new RejectedException(
          Reason.TARGET_DIGEST_MISMATCH, "digest of " + target.path(), listed, found);
    }
  }

  static Digest sha256(TargetFile target) throws RejectedException {
    return target
        .sha256()
        .orElseThrow(
            () ->
                new RejectedException(
                    Reason.TARGET_DIGEST_MISMATCH, target.path() + " is listed without SHA-256"));
  }

  private RejectedException wrongLength(Object found) {
    return new RejectedException(
        Reason.TARGET_LENGTH_MISMATCH, "length of " + target.path(), target.lengthBytes(), found);
  }
}
