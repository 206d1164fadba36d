package dev.otasigner.keys.soft;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The container of everything the token writes: magic (8 bytes), u32 length, JSON of that length,
 * SHA-256 over all before it, end mark (8 bytes). The digest keeps out accidents only, so that a
 * damaged file is never mistaken for a wrong passphrase; forgery is kept out by the seal inside.
 *
 * <p>A file cut short lacks the end mark; a flipped bit leaves either the mark or the length whole:
 * so the two are told apart.
 */
final class SealedFile {
  private static final byte[] MAGIC = "OTASEAL1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "OTAEND1\n".getBytes(StandardCharsets.US_ASCII);
  static final int MAGIC_BYTES = MAGIC.length;
  static final int HEAD = MAGIC.length + Integer.BYTES;
  static final int TAIL = 32 + END.length;
  static final int MAX_BYTES = 256 * 1024;

  private SealedFile() {}

  static byte[] encode(Json.Obj body) {
    byte[] json = body.textBytes();
    ByteBuffer out = ByteBuffer.allocate(HEAD + json.length + TAIL);
    out.put(MAGIC).putInt(json.length).put(json);
    byte[] digest = Digest.of(Arrays.copyOf(out.array(), out.position())).bytes();
    return out.put(digest).put(END).array();
  }

  /** Writes a file that must not be there yet. */
  static void create(Path file, Json.Obj body) throws IOException {
    DurableFile.create(file, encode(body));
  }

  /**
   * Reads the body.
   *
   * @throws SealBroken TRUNCATED or CORRUPT, naming the file
   */
  static Fields read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new SealBroken(SealFault.CORRUPT, file + ": longer than any sealed file");
    }
    return decode(file, Files.readAllBytes(file));
  }

  static Fields decode(Path file, byte[] bytes) {
    boolean ends = endsWith(bytes, END);
    long stated =
        bytes.length >= HEAD
            ? HEAD + TAIL + Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(MAGIC.length))
            : Long.MAX_VALUE;
    if (!ends && bytes.length < stated) {
      throw truncated(file, bytes.length);
    }
    if (!ends || bytes.length != stated || !intact(bytes)) {
      throw corrupt(file);
    }
    try {
      return JsonReader.readObject(Arrays.copyOfRange(bytes, HEAD, bytes.length - TAIL), MAX_BYTES);
    } catch (RejectedException e) {
      throw new SealBroken(SealFault.CORRUPT, file + ": " + e.getMessage());
    }
  }

  static SealBroken truncated(Path file, long bytes) {
    return new SealBroken(
        SealFault.TRUNCATED,
        file + ": the file ends too early (at byte " + bytes + "); restore it from a backup");
  }

  static SealBroken corrupt(Path file) {
    return new SealBroken(
        SealFault.CORRUPT,
        file + ": its bytes are not the ones that were written; restore it from a backup");
  }

  private static boolean intact(byte[] bytes) {
    int covered = bytes.length - TAIL;
    byte[] digest = Digest.of(Arrays.copyOf(bytes, covered)).bytes();
    return Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
        && Arrays.equals(bytes, covered, covered + digest.length, digest, 0, digest.length);
  }

  private static boolean endsWith(byte[] bytes, byte[] end) {
    return bytes.length >= end.length
        && Arrays.equals(bytes, bytes.length - end.length, bytes.length, end, 0, end.length);
  }
}
