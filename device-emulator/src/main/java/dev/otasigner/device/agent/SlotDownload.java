package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;

/** Streams an image into the secondary slot, and goes on where an earlier start stopped. */
final class SlotDownload {
  private static final int MAX_FRUITLESS = 3;

  /** Written at a time, unless a connection breaks: what a torn write can spoil. */
  private static final int UNIT_BYTES = 4096;

  private final FlashRegion slot;
  private final TargetFile target;
  private final int unitBytes;

  /** What the slot holds for certain, or as certainly as an earlier start left it. */
  private long done;

  /** From {@link #done} to here the slot holds something, perhaps torn. */
  private long held;

  private boolean isWriting;

  SlotDownload(FlashRegion slot, TargetFile target) throws RejectedException {
    this.slot = slot;
    this.target = target;
    boolean fits = slot.sectorBytes() % UNIT_BYTES == 0 && UNIT_BYTES % slot.writeAlignBytes() == 0;
    this.unitBytes = fits ? UNIT_BYTES : slot.sectorBytes();
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
   * Fetches what is missing; when it returns, the slot holds the listed file. Where what an earlier
   * start left turns out to be damaged, all of it is fetched once more.
   *
   * @throws RejectedException TARGET_LENGTH_MISMATCH, TARGET_DIGEST_MISMATCH
   * @throws IOException when the connection keeps breaking; what has arrived stays
   */
  void run(Server server, String path) throws IOException, RejectedException {
    takeUp();
    boolean isResumed = done > 0;
    fill(server, path);
    if (isResumed && !isWhole()) {
      clear(slot);
      takeUp();
      fill(server, path);
    }
    verify();
  }

  private void fill(Server server, String path) throws IOException, RejectedException {
    int fruitless = 0;
    while (done < target.lengthBytes()) {
      long before = done;
      try {
        fetch(server, path);
      } catch (IOException e) {
        if (isWriting) {
          // Of a write that failed nobody knows how far it came.
          takeUp();
        }
        fruitless = done > before ? 0 : fruitless + 1;
        if (fruitless == MAX_FRUITLESS) {
          throw e;
        }
      }
    }
  }

  /**
   * Finds where an earlier start stopped: behind the last cell that is used. The last write may be
   * torn, so what it can have written is fetched again and compared.
   */
  private void takeUp() throws IOException {
    isWriting = false;
    held = used();
    long lastWrite = Math.max(0, held - 1) / unitBytes * unitBytes;
    done = Math.min(lastWrite, target.lengthBytes());
  }

  /** End of the last aligned unit that holds anything. */
  private long used() throws IOException {
    int align = slot.writeAlignBytes();
    for (int sector = slot.sectorCount() - 1; sector >= 0; sector--) {
      long start = (long) sector * slot.sectorBytes();
      byte[] cells = slot.read(start, slot.sectorBytes());
      int end = cells.length;
      while (end > 0 && cells[end - 1] == slot.erased()) {
        end--;
      }
      if (end > 0) {
        return start + (long) (end + align - 1) / align * align;
      }
    }
    return 0;
  }

  private void fetch(Server server, String path) throws IOException, RejectedException {
    long from = done;
    Server.Download download = server.download(path, from);
    try (InputStream body = download.body()) {
      if (download.totalBytes() >= 0 && download.totalBytes() != target.lengthBytes()) {
        throw wrongLength(download.totalBytes());
      }
      // A server without ranges begins again; what is held already is not written twice.
      body.skipNBytes(from - download.offset());
      byte[] unit = new byte[unitBytes];
      while (done < target.lengthBytes()) {
        int wanted = (int) Math.min(unitBytes - done % unitBytes, target.lengthBytes() - done);
        int arrived = 0;
        try {
          while (arrived < wanted) {
            int n = body.read(unit, arrived, wanted - arrived);
            if (n < 0) {
              throw ended(download, arrived);
            }
            arrived += n;
          }
        } finally {
          // Whatever a connection brought is kept, however little it is.
          take(unit, arrived);
        }
      }
      if (body.read() >= 0) {
        throw wrongLength("more");
      }
    }
  }

  private IOException ended(Server.Download download, int arrived) throws RejectedException {
    if (download.offset() == 0) {
      throw wrongLength(done + arrived);
    }
    // A server may send less of a range than was asked for, RFC 9110 15.3.7.
    return new EOFException(
        "the range ended " + (target.lengthBytes() - done - arrived) + " bytes early");
  }

  /** Compares these bytes as far as the slot holds some, and writes the others. */
  private void take(byte[] unit, int count) throws IOException {
    int align = slot.writeAlignBytes();
    boolean isLast = done + count == target.lengthBytes();
    int whole = isLast ? count : count / align * align;
    if (whole == 0) {
      return;
    }
    byte[] bytes = aligned(Arrays.copyOf(unit, whole));
    int known = (int) Math.max(0, Math.min(held - done, bytes.length));
    if (!Arrays.equals(slot.read(done, known), Arrays.copyOf(bytes, known))) {
      throw damaged();
    }
    isWriting = true;
    int sector = (int) (done / slot.sectorBytes());
    if (known == 0 && done % slot.sectorBytes() == 0) {
      slot.eraseIfUsed(sector);
    }
    slot.write(done + known, Arrays.copyOfRange(bytes, known, bytes.length));
    isWriting = false;
    done += whole;
  }

  /** Of an earlier start's last write: its sector is fetched again, and not compared any more. */
  private IOException damaged() throws IOException {
    int sector = (int) (done / slot.sectorBytes());
    isWriting = true;
    slot.erase(sector);
    isWriting = false;
    done = (long) sector * slot.sectorBytes();
    held = done;
    return new IOException("what was held of the image differs from what is sent");
  }

  private byte[] aligned(byte[] chunk) {
    int align = slot.writeAlignBytes();
    int length = (chunk.length + align - 1) / align * align;
    byte[] aligned = Arrays.copyOf(chunk, length);
    Arrays.fill(aligned, chunk.length, length, slot.erased());
    return aligned;
  }

  /** Whether the slot holds the listed file, as it did when it was downloaded. */
  boolean isWhole() throws IOException, RejectedException {
    return found().equals(sha256(target));
  }

  private Digest found() throws IOException {
    MessageDigest hash = Digest.sha256();
    try (InputStream in = slot.source(target.lengthBytes()).open()) {
      byte[] chunk = new byte[64 * 1024];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        hash.update(chunk, 0, n);
      }
    }
    return Digest.ofHash(hash.digest());
  }

  /** TUF 5.7.3, on the bytes that are in flash rather than on those that went by. */
  private void verify() throws RejectedException, IOException {
    Digest found = found();
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
