package dev.otasigner.keys.soft;

import dev.otasigner.verifier.Digest;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM in chunks under a key that is used for one stream only. The nonce is the chunk's
 * number and a byte that tells the last one (the STREAM construction of Hoang and others, 2015);
 * what is sealed besides is the digest of the header.
 */
final class ChunkCipher implements AutoCloseable {
  static final int TAG_BYTES = 16;
  private static final int NONCE_BYTES = 12;

  private final byte[] key;
  private final byte[] bound;
  private long number;

  ChunkCipher(byte[] key, Digest header) {
    this.key = key.clone();
    this.bound = header.bytes();
  }

  private byte[] next(int mode, byte[] chunk, int length, boolean last)
      throws GeneralSecurityException {
    byte[] nonce =
        ByteBuffer.allocate(NONCE_BYTES)
            .putLong(3, number++)
            .put(NONCE_BYTES - 1, (byte) (last ? 1 : 0))
            .array();
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(8 * TAG_BYTES, nonce));
    cipher.updateAAD(bound);
    return cipher.doFinal(chunk, 0, length);
  }

  /** What is written here goes sealed to {@code out}, which stays open. */
  OutputStream sealing(OutputStream out) {
    return new FilterOutputStream(out) {
      private final byte[] chunk = new byte[BackupFile.CHUNK_BYTES];
      private int filled;
      private boolean ended;

      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        for (int at = 0; at < length; ) {
          if (filled == chunk.length) {
            emit(false);
          }
          int part = Math.min(length - at, chunk.length - filled);
          System.arraycopy(bytes, offset + at, chunk, filled, part);
          filled += part;
          at += part;
        }
      }

      private void emit(boolean last) throws IOException {
        try {
          out.write(next(Cipher.ENCRYPT_MODE, chunk, filled, last));
        } catch (GeneralSecurityException e) {
          throw new IllegalStateException("AES-GCM is missing from this JDK", e);
        }
        Arrays.fill(chunk, (byte) 0);
        filled = 0;
      }

      @Override
      public void close() throws IOException {
        if (!ended) {
          ended = true;
          emit(true);
        }
      }
    };
  }

  /** What lies sealed in the file from here on; closing closes both. */
  InputStream opening(Path file, RandomAccessFile in, long length) {
    return new InputStream() {
      private byte[] chunk = {};
      private int at;
      private long left = length;
      private boolean ended;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int wanted) throws IOException {
        while (at == chunk.length) {
          if (ended) {
            return -1;
          }
          fill();
        }
        int part = Math.min(wanted, chunk.length - at);
        System.arraycopy(chunk, at, bytes, offset, part);
        at += part;
        return part;
      }

      private void fill() throws IOException {
        int size = (int) Math.min(BackupFile.CHUNK_BYTES, left);
        left -= size;
        ended = left == 0;
        byte[] sealed = new byte[size + TAG_BYTES];
        in.readFully(sealed);
        Arrays.fill(chunk, (byte) 0);
        try {
          chunk = next(Cipher.DECRYPT_MODE, sealed, sealed.length, ended);
          at = 0;
        } catch (AEADBadTagException e) {
          throw SealedFile.corrupt(file);
        } catch (GeneralSecurityException e) {
          throw new IllegalStateException("AES-GCM is missing from this JDK", e);
        }
      }

      @Override
      public void close() throws IOException {
        Arrays.fill(chunk, (byte) 0);
        ChunkCipher.this.close();
        in.close();
      }
    };
  }

  @Override
  public void close() {
    Arrays.fill(key, (byte) 0);
  }
}
