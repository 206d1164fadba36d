package dev.otasigner.cli.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

/**
 * A C2SP tlog-checkpoint whose signature holds: so many records, and this head over them.
 *
 * @param origin names the log
 */
record Checkpoint(String origin, long size, Digest root) {

  /**
   * Reads a signed note.
   *
   * @throws RejectedException MALFORMED, UNKNOWN_KEY when none of its signatures names the key,
   *     BAD_SIGNATURE when the one that does is not the key's
   */
  static Checkpoint read(byte[] note, AuditKey key) throws RejectedException {
    String text = new String(note, StandardCharsets.UTF_8);
    int end = text.indexOf("\n\n");
    String[] lines = text.substring(0, Math.max(end, 0)).split("\n", -1);
    if (end < 0 || lines.length < 3) {
      throw new RejectedException(Reason.MALFORMED, "not a signed checkpoint");
    }
    byte[] signed = text.substring(0, end + 1).getBytes(StandardCharsets.UTF_8);
    byte[] wanted = key.hash(lines[0]);
    for (String line : text.substring(end + 2).split("\n", -1)) {
      String prefix = "\u2014 " + lines[0] + " ";
      if (line.startsWith(prefix)) {
        byte[] marked = decode(line.substring(prefix.length()));
        if (marked.length > AuditKey.HASH_BYTES
            && MessageDigest.isEqual(Arrays.copyOf(marked, AuditKey.HASH_BYTES), wanted)) {
          key.key().verify(signed, Arrays.copyOfRange(marked, AuditKey.HASH_BYTES, marked.length));
          return parse(lines);
        }
      }
    }
    throw new RejectedException(
        Reason.UNKNOWN_KEY, "the checkpoint of " + lines[0] + " is not signed by this audit key");
  }

  private static Checkpoint parse(String[] lines) throws RejectedException {
    try {
      byte[] head = decode(lines[2]);
      return new Checkpoint(lines[0], Long.parseLong(lines[1]), Digest.ofHash(head));
    } catch (IllegalArgumentException e) {
      throw new RejectedException(Reason.MALFORMED, "size or head of the checkpoint");
    }
  }

  private static byte[] decode(String base64) throws RejectedException {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new RejectedException(Reason.MALFORMED, "base64 in the checkpoint");
    }
  }

  /** Demands that the log begins with exactly the records this checkpoint vouches for. */
  void requireHeadOf(LogTree tree) throws RejectedException {
    if (tree.size() < size) {
      throw new RejectedException(
          Reason.METADATA_ROLLED_BACK, "records are missing from the log", size, tree.size());
    }
    Digest found = tree.root(size);
    if (!found.equals(root)) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH,
          "the first " + size + " records are not those that were vouched for",
          root,
          found);
    }
  }
}
