package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** Whether a file is the stated one, told from its bytes as they go by. */
final class StatedFile {
  private final long lengthBytes;
  private final Digest sha256;
  private final MessageDigest hash = Digest.sha256();
  private long seen;

  StatedFile(long lengthBytes, Digest sha256) {
    this.lengthBytes = lengthBytes;
    this.sha256 = sha256;
  }

  /** Refuses a source of another length unread. */
  void requireLength(ByteSource source) throws IOException, RejectedException {
    if (source.lengthBytes() != lengthBytes) {
      throw wrongLength(source.lengthBytes() + " bytes");
    }
  }

  /** Takes the next bytes; refuses as soon as there are too many. */
  void update(byte[] buffer, int count) throws RejectedException {
    seen += count;
    if (seen > lengthBytes) {
      throw wrongLength("more");
    }
    hash.update(buffer, 0, count);
  }

  /** Refuses unless all bytes were there, and were the stated ones. */
  void finish() throws RejectedException {
    if (seen != lengthBytes) {
      throw wrongLength(seen + " bytes");
    }
    Digest digest = Digest.ofHash(hash.digest());
    if (!digest.equals(sha256)) {
      throw new RejectedException(
          Reason.IMAGE_DIGEST_MISMATCH, "image is not the one the manifest names", sha256, digest);
    }
  }

  /** Reads a file that is looked at for nothing else. */
  void read(ByteSource source) throws IOException, RejectedException {
    try (InputStream in = source.open()) {
      byte[] buffer = new byte[ImageScan.BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        update(buffer, count);
      }
    }
    finish();
  }

  private RejectedException wrongLength(String found) {
    return new RejectedException(
        Reason.IMAGE_LENGTH_MISMATCH, "image length", lengthBytes + " bytes", found);
  }
}
