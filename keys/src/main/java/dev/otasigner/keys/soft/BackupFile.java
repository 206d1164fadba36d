package dev.otasigner.keys.soft;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;

/**
 * One file under a passphrase of its own: a sealed header, which holds a random key under Argon2id,
 * then chunks of 64 KiB under that key with AES-256-GCM, then an end mark. A chunk is bound to the
 * header, its place and whether it is the last one, so that none is dropped, doubled or moved.
 *
 * <p>The header states the length: a file that is cut short is told from one whose bytes are not
 * the ones that were written, and both from a wrong passphrase.
 */
public final class BackupFile {
  static final int CHUNK_BYTES = 64 * 1024;
  private static final byte[] END = "OTAEND1\n".getBytes(StandardCharsets.US_ASCII);
  private static final String KIND = "backup";
  private static final int KEY_BYTES = 32;
  private static final long MAX_LENGTH = 1L << 40;

  private BackupFile() {}

  /** Writes a file that must not be there yet. The content is asked twice, and says the same. */
  public static void create(
      Path file, Instant now, Passphrase passphrase, Argon2Cost cost, DurableFile.Content content)
      throws IOException {
    Length counted = new Length();
    content.writeTo(counted);
    byte[] salt = new byte[Seal.SALT_BYTES];
    byte[] key = new byte[KEY_BYTES];
    SecureRandom random = new SecureRandom();
    random.nextBytes(salt);
    random.nextBytes(key);
    try (Seal seal = Seal.derive(passphrase, salt, cost)) {
      Json.Obj bound = bound(now, Bytes.copyOf(salt), cost, counted.bytes);
      Json.Builder body = Json.object();
      bound.members().forEach((name, value) -> body.put(name, value));
      byte[] header = SealedFile.encode(body.put("sealed", seal.seal(key, bound)).build());
      DurableFile.create(
          file,
          out -> {
            out.write(header);
            try (ChunkCipher cipher = new ChunkCipher(key, Digest.of(header));
                OutputStream chunks = cipher.sealing(out)) {
              content.writeTo(chunks);
            }
            out.write(END);
          });
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static Json.Obj bound(Instant created, Bytes salt, Argon2Cost cost, long length) {
    return Json.object()
        .put("schema", 1)
        .put("kind", KIND)
        .put("created", created)
        .putBase64("kdfSalt", salt)
        .put("argon2id", cost.toJson())
        .put("length", length)
        .build();
  }

  /** What a backup says of itself, and its content, which is read to its end or not believed. */
  public record Opened(Instant created, DataInputStream content) implements AutoCloseable {
    /** Demands that nothing is left and that the last chunk was the last one written. */
    public void requireEnd() throws IOException {
      if (content.read() >= 0) {
        throw new IOException("the backup holds more than is expected");
      }
    }

    @Override
    public void close() throws IOException {
      content.close();
    }
  }

  /**
   * Opens a backup.
   *
   * @throws SealBroken TRUNCATED, CORRUPT or WRONG_PASSPHRASE, here or while the content is read
   */
  public static Opened open(Path file, Passphrase passphrase) throws IOException {
    RandomAccessFile in = new RandomAccessFile(file.toFile(), "r");
    boolean opened = false;
    try {
      byte[] header = header(file, in);
      Fields body = SealedFile.decode(file, header);
      if (!body.has("kind")) {
        throw new SealBroken(SealFault.TAMPERED, file + ": a sealed file, but no backup");
      }
      body.requireSchema(Set.of());
      Bytes salt = body.base64("kdfSalt", Seal.SALT_BYTES);
      Argon2Cost cost = Argon2Cost.read(body.object("argon2id"));
      long length = body.integer("length", 0, MAX_LENGTH);
      requireLength(file, in, header.length, length);
      Json.Obj bound = bound(body.time("created"), salt, cost, length);
      try (Seal seal = Seal.derive(passphrase, salt.toByteArray(), cost)) {
        byte[] key =
            seal.open(body.object("sealed"), bound)
                .orElseThrow(
                    () ->
                        new SealBroken(
                            SealFault.WRONG_PASSPHRASE,
                            file + ": the passphrase is not the one of this backup"));
        ChunkCipher cipher = new ChunkCipher(key, Digest.of(header));
        Arrays.fill(key, (byte) 0);
        opened = true;
        return new Opened(
            body.time("created"),
            new DataInputStream(new BufferedInputStream(cipher.opening(file, in, length))));
      }
    } catch (RejectedException e) {
      throw new SealBroken(SealFault.CORRUPT, file + ": " + e.getMessage());
    } finally {
      if (!opened) {
        in.close();
      }
    }
  }

  /**
   * Reads a backup to its end, before anything is made of it.
   *
   * @throws SealBroken as {@link #open} and reading do
   */
  public static void requireWhole(Path file, Passphrase passphrase) throws IOException {
    byte[] buffer = new byte[CHUNK_BYTES];
    try (Opened opened = open(file, passphrase)) {
      while (opened.content().read(buffer) >= 0) {
        Arrays.fill(buffer, (byte) 0);
      }
    } finally {
      Arrays.fill(buffer, (byte) 0);
    }
  }

  private static byte[] header(Path file, RandomAccessFile in) throws IOException {
    byte[] head = new byte[SealedFile.HEAD];
    long size = in.length();
    if (size < head.length) {
      throw SealedFile.truncated(file, size);
    }
    in.readFully(head);
    long length =
        SealedFile.HEAD
            + SealedFile.TAIL
            + Integer.toUnsignedLong(ByteBuffer.wrap(head).getInt(SealedFile.MAGIC_BYTES));
    if (length > size) {
      throw hasEnd(in) ? SealedFile.corrupt(file) : SealedFile.truncated(file, size);
    }
    if (length > SealedFile.MAX_BYTES) {
      throw SealedFile.corrupt(file);
    }
    byte[] header = Arrays.copyOf(head, (int) length);
    try {
      in.readFully(header, head.length, header.length - head.length);
    } catch (EOFException e) {
      throw SealedFile.truncated(file, size);
    }
    return header;
  }

  private static void requireLength(Path file, RandomAccessFile in, int header, long length)
      throws IOException {
    long chunks = Math.max(1, (length + CHUNK_BYTES - 1) / CHUNK_BYTES);
    long stated = header + length + chunks * ChunkCipher.TAG_BYTES + END.length;
    long here = in.getFilePointer();
    boolean ends = hasEnd(in);
    in.seek(here);
    if (!ends && in.length() < stated) {
      throw SealedFile.truncated(file, in.length());
    }
    if (!ends || in.length() != stated) {
      throw SealedFile.corrupt(file);
    }
  }

  private static boolean hasEnd(RandomAccessFile in) throws IOException {
    byte[] end = new byte[END.length];
    if (in.length() < end.length) {
      return false;
    }
    in.seek(in.length() - end.length);
    in.readFully(end);
    return Arrays.equals(end, END);
  }

  /** Counts what is written. */
  private static final class Length extends OutputStream {
    private long bytes;

    @Override
    public void write(int b) {
      bytes++;
    }

    @Override
    public void write(byte[] b, int off, int len) {
      bytes += len;
    }
  }
}
