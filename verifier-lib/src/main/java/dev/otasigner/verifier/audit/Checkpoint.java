package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * How long a log is and what the head of its tree is: the text of a C2SP tlog-checkpoint, which
 * travels in a signed note.
 *
 * @param origin names the log, and its key
 * @param size leaves in the tree
 * @param root of the tree, RFC 6962 2.1
 */
public record Checkpoint(String origin, long size, Digest root) {
  /** Of a note with all its signatures. */
  public static final int MAX_BYTES = 16 * 1024;

  /** Of signature lines; C2SP signed-note asks for room for 16. */
  private static final int MAX_SIGNATURES = 64;

  private static final int MAX_ORIGIN_CHARS = 255;
  private static final int ROOT_BYTES = 32;
  private static final Pattern SIZE = Pattern.compile("0|[1-9][0-9]{0,17}");
  private static final String DASH = "\u2014 ";

  /**
   * Refuses what could not be read again.
   *
   * @throws IllegalArgumentException for a negative size, or an origin that no key could be named
   *     by
   */
  public Checkpoint {
    if (size < 0 || !isKeyName(origin)) {
      throw new IllegalArgumentException("no checkpoint: origin or size");
    }
  }

  /** What is signed: three lines, each ended by a newline. */
  public byte[] text() {
    return utf8(origin + "\n" + size + "\n" + Bytes.copyOf(root.bytes()).base64() + "\n");
  }

  /** The text, an empty line, and the line of this signature of the text. */
  public byte[] note(AuditKey key, byte[] signature) {
    byte[] id = key.idUnder(origin);
    byte[] marked = Arrays.copyOf(id, id.length + signature.length);
    System.arraycopy(signature, 0, marked, id.length, signature.length);
    String line = "\n" + DASH + origin + " " + Bytes.copyOf(marked).base64() + "\n";
    return utf8(new String(text(), StandardCharsets.UTF_8) + line);
  }

  /**
   * Reads a note that the key has signed. Signatures of others, such as witnesses, are left alone.
   *
   * @throws RejectedException as {@link #readUnverified}; UNKNOWN_KEY when no signature is named
   *     after the log and this key; BAD_SIGNATURE when one is, and is not the key's
   */
  public static Checkpoint read(byte[] note, AuditKey key) throws RejectedException {
    Parts parts = Parts.of(note);
    Checkpoint checkpoint = parts.checkpoint();
    byte[] id = key.idUnder(checkpoint.origin);
    boolean signed = false;
    for (SignatureLine line : parts.signatures) {
      // C2SP signed-note: name and key ID together say whose it is; a known key's must verify.
      if (line.name.equals(checkpoint.origin)
          && MessageDigest.isEqual(id, line.id().toByteArray())) {
        key.key().verify(parts.text, line.signature().toByteArray());
        signed = true;
      }
    }
    if (!signed) {
      throw new RejectedException(
          Reason.UNKNOWN_KEY,
          "the checkpoint of " + checkpoint.origin + " is not signed by this audit key");
    }
    return checkpoint;
  }

  /**
   * Reads a note without asking who signed it: good for what it says only where the file itself is
   * trusted.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES} or too many signatures;
   *     MALFORMED when it is no signed note of a checkpoint
   */
  public static Checkpoint readUnverified(byte[] note) throws RejectedException {
    return Parts.of(note).checkpoint();
  }

  private record SignatureLine(String name, Bytes id, Bytes signature) {}

  private static final class Parts {
    final byte[] text;
    final String[] lines;
    final List<SignatureLine> signatures;

    private Parts(byte[] text, String[] lines, List<SignatureLine> signatures) {
      this.text = text;
      this.lines = lines;
      this.signatures = signatures;
    }

    static Parts of(byte[] note) throws RejectedException {
      if (note.length > MAX_BYTES) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "a checkpoint of over " + MAX_BYTES + " bytes");
      }
      String whole = decode(note);
      // The last empty line parts text and signatures.
      int end = whole.lastIndexOf("\n\n");
      if (end < 0 || !whole.endsWith("\n")) {
        throw malformed("a text, an empty line and signatures are expected");
      }
      String text = whole.substring(0, end + 1);
      String[] lines = text.split("\n", -1);
      String[] signatures = whole.substring(end + 2).split("\n", -1);
      if (signatures.length - 1 > MAX_SIGNATURES) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "a checkpoint with over " + MAX_SIGNATURES + " signatures");
      }
      SignatureLine[] read = new SignatureLine[signatures.length - 1];
      for (int i = 0; i < read.length; i++) {
        read[i] = signature(signatures[i]);
      }
      if (read.length == 0) {
        throw malformed("a signature is expected");
      }
      return new Parts(utf8(text), Arrays.copyOf(lines, lines.length - 1), List.of(read));
    }

    private static String decode(byte[] note) throws RejectedException {
      String text;
      try {
        text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(note)).toString();
      } catch (CharacterCodingException e) {
        throw malformed("UTF-8 is expected");
      }
      if (text.chars().anyMatch(c -> c < ' ' && c != '\n')) {
        throw malformed("a control character");
      }
      return text;
    }

    private static SignatureLine signature(String line) throws RejectedException {
      int space = line.lastIndexOf(' ');
      if (!line.startsWith(DASH) || space <= DASH.length()) {
        throw malformed("a signature line is a dash, a name and base64");
      }
      String name = line.substring(DASH.length(), space);
      byte[] marked = Bytes.ofBase64(line.substring(space + 1)).toByteArray();
      if (!isKeyName(name) || marked.length <= AuditKey.ID_BYTES) {
        throw malformed("a signature line is a dash, a name and base64");
      }
      return new SignatureLine(
          name,
          Bytes.copyOf(marked, 0, AuditKey.ID_BYTES),
          Bytes.copyOf(marked, AuditKey.ID_BYTES, marked.length));
    }

    Checkpoint checkpoint() throws RejectedException {
      if (lines.length < 3 || Arrays.stream(lines).anyMatch(String::isEmpty)) {
        throw malformed("origin, size and root are expected, and no empty line");
      }
      if (!isKeyName(lines[0])) {
        throw malformed("the origin is not a name");
      }
      if (!SIZE.matcher(lines[1]).matches()) {
        throw malformed("the size is not a number in plain decimal");
      }
      byte[] root = Bytes.ofBase64(lines[2]).toByteArray();
      if (root.length != ROOT_BYTES) {
        throw malformed("the root is not a SHA-256 hash in base64");
      }
      return new Checkpoint(lines[0], Long.parseLong(lines[1]), Digest.ofHash(root));
    }
  }

  private static boolean isKeyName(String name) {
    return !name.isEmpty()
        && name.length() <= MAX_ORIGIN_CHARS
        && name.chars().noneMatch(c -> c == '+' || c <= ' ' || isSpace(c));
  }

  private static boolean isSpace(int c) {
    return Character.isSpaceChar(c) || Character.isWhitespace(c) || c == 0x85;
  }

  private static RejectedException malformed(String what) {
    return new RejectedException(Reason.MALFORMED, "no checkpoint: " + what);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
