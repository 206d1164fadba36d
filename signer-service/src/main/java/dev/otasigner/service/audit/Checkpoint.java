package dev.otasigner.service.audit;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * A C2SP tlog-checkpoint: how long the log is and what its tree's head is.
 *
 * @param origin names the log; its key carries the same name
 * @param size leaves in the tree
 */
record Checkpoint(String origin, long size, Digest root) {
  private static final int KEY_HASH_BYTES = 4;
  private static final byte ED25519 = 1;
  private static final int RAW_KEY_BYTES = 32;
  private static final String EM_DASH = "\u2014";

  /** What is signed: three lines, each ended by a newline. */
  byte[] text() {
    return utf8(origin + "\n" + size + "\n" + base64(root.bytes()) + "\n");
  }

  /** The text, an empty line, and the signature's line, as C2SP signed-note sets out. */
  byte[] signedNote(VerificationKey key, byte[] signature) {
    byte[] hash = keyHash(key);
    byte[] marked = Arrays.copyOf(hash, hash.length + signature.length);
    System.arraycopy(signature, 0, marked, hash.length, signature.length);
    return utf8(
        new String(text(), StandardCharsets.UTF_8)
            + "\n"
            + EM_DASH
            + " "
            + origin
            + " "
            + base64(marked)
            + "\n");
  }

  /** The checkpoint in a note, without looking at its signatures; empty when it is none. */
  static Optional<Checkpoint> read(Bytes note) {
    String[] lines = new String(note.toByteArray(), StandardCharsets.UTF_8).split("\n", -1);
    if (lines.length < 4 || lines[0].isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Checkpoint(
              lines[0],
              Long.parseLong(lines[1]),
              Digest.ofHash(Base64.getDecoder().decode(lines[2]))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns only when the note holds a signature of this checkpoint by the key.
   *
   * @throws RejectedException BAD_SIGNATURE otherwise
   */
  void verify(Bytes note, VerificationKey key) throws RejectedException {
    byte[] hash = keyHash(key);
    String start = EM_DASH + " " + origin + " ";
    for (String line : new String(note.toByteArray(), StandardCharsets.UTF_8).split("\n", -1)) {
      if (line.startsWith(start)) {
        byte[] marked = Bytes.ofBase64(line.substring(start.length())).toByteArray();
        if (marked.length > KEY_HASH_BYTES
            && Arrays.equals(Arrays.copyOf(marked, KEY_HASH_BYTES), hash)) {
          key.verify(text(), Arrays.copyOfRange(marked, KEY_HASH_BYTES, marked.length));
          return;
        }
      }
    }
    throw new RejectedException(Reason.BAD_SIGNATURE, "the note is not signed by the audit key");
  }

  /** The first bytes of SHA-256(name, newline, signature type, raw key). */
  private byte[] keyHash(VerificationKey key) {
    byte[] spki = key.spki().toByteArray();
    byte[] name = utf8(origin);
    byte[] input = Arrays.copyOf(name, name.length + 2 + RAW_KEY_BYTES);
    input[name.length] = '\n';
    input[name.length + 1] = ED25519;
    System.arraycopy(spki, spki.length - RAW_KEY_BYTES, input, name.length + 2, RAW_KEY_BYTES);
    return Arrays.copyOf(Digest.of(input).bytes(), KEY_HASH_BYTES);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
