package dev.otasigner.keys.soft;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

/**
 * What a sealed file is opened with. It comes from a file, an environment variable or a prompt, and
 * never from a command line, which every user of the machine can read. Wiped when closed.
 */
public final class Passphrase implements AutoCloseable {
  private static final int MAX_BYTES = 4096;
  private static final int GENERATED_BYTES = 32;

  private final byte[] utf8;

  private Passphrase(byte[] utf8) {
    this.utf8 = utf8;
  }

  /**
   * The first line of a file that only its owner reads.
   *
   * @throws IOException when the file cannot be read, is open to others, or is empty
   */
  public static Passphrase ofFile(Path file) throws IOException {
    DurableFile.requireOwnerOnly(file);
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(file + ": a passphrase of over " + MAX_BYTES + " bytes");
    }
    byte[] content = Files.readAllBytes(file);
    try {
      int end = 0;
      while (end < content.length && content[end] != '\n' && content[end] != '\r') {
        end++;
      }
      if (end == 0) {
        throw new IOException(file + ": its first line is empty; a passphrase is expected");
      }
      return new Passphrase(Arrays.copyOf(content, end));
    } finally {
      Arrays.fill(content, (byte) 0);
    }
  }

  /**
   * The value of an environment variable.
   *
   * @throws IOException when it is not set or empty
   */
  public static Passphrase ofEnvironment(Map<String, String> environment, String name)
      throws IOException {
    String value = environment.get(name);
    if (value == null || value.isEmpty()) {
      throw new IOException("environment variable " + name + " holds no passphrase");
    }
    return new Passphrase(value.getBytes(StandardCharsets.UTF_8));
  }

  /** What somebody typed at a prompt; the characters are wiped. */
  public static Passphrase ofPrompt(char[] typed) {
    ByteBuffer encoded = ByteBuffer.allocate(4 * typed.length);
    StandardCharsets.UTF_8
        .newEncoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .encode(CharBuffer.wrap(typed), encoded, true);
    byte[] utf8 = Arrays.copyOf(encoded.array(), encoded.position());
    Arrays.fill(encoded.array(), (byte) 0);
    Arrays.fill(typed, '\0');
    return new Passphrase(utf8);
  }

  /** Writes a random passphrase of 256 bits into a new file that only its owner reads. */
  public static void generateFile(Path file) throws IOException {
    byte[] random = new byte[GENERATED_BYTES];
    new SecureRandom().nextBytes(random);
    byte[] text = Base64.getUrlEncoder().withoutPadding().encode(random);
    byte[] line = Arrays.copyOf(text, text.length + 1);
    line[text.length] = '\n';
    DurableFile.create(file, line);
    Arrays.fill(random, (byte) 0);
    Arrays.fill(text, (byte) 0);
    Arrays.fill(line, (byte) 0);
  }

  /** Whether it has this many bytes at least. */
  public boolean isOfAtLeast(int bytes) {
    return utf8.length >= bytes;
  }

  /** Whether another one is the same. */
  public boolean matches(Passphrase other) {
    return MessageDigest.isEqual(utf8, other.utf8);
  }

  /** A copy, for the caller to wipe. */
  public byte[] utf8() {
    return utf8.clone();
  }

  /** A copy, for the caller to wipe. */
  public char[] characters() {
    CharBuffer decoded = CharBuffer.allocate(utf8.length);
    StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .decode(ByteBuffer.wrap(utf8), decoded, true);
    char[] characters = Arrays.copyOf(decoded.array(), decoded.position());
    Arrays.fill(decoded.array(), '\0');
    return characters;
  }

  @Override
  public void close() {
    Arrays.fill(utf8, (byte) 0);
  }

  @Override
  public String toString() {
    return "a passphrase";
  }
}
