package dev.otasigner.device.flash;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Cells in a file. Each byte is kept combined (exclusive or) with the erased value, so that erased
 * cells are zeroes and a blank chip is a hole that takes no room on the disk.
 */
final class FileMedium implements FlashMedium {
  private final FileChannel file;
  private final long start;
  private final byte erased;

  /**
   * @param start where in the file the first cell stands
   */
  FileMedium(FileChannel file, long start, byte erased) {
    this.file = file;
    this.start = start;
    this.erased = erased;
  }

  @Override
  public void read(long offset, byte[] into, int from, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into, from, length);
    long at = start + offset;
    while (buffer.hasRemaining()) {
      int n = file.read(buffer, at);
      if (n < 0) {
        throw new EOFException("flash file is shorter than its layout says");
      }
      at += n;
    }
    combine(into, from, length);
  }

  @Override
  public void write(long offset, byte[] bytes, int from, int length) throws IOException {
    byte[] stored = new byte[length];
    System.arraycopy(bytes, from, stored, 0, length);
    combine(stored, 0, length);
    ByteBuffer buffer = ByteBuffer.wrap(stored);
    long at = start + offset;
    while (buffer.hasRemaining()) {
      at += file.write(buffer, at);
    }
  }

  private void combine(byte[] bytes, int from, int length) {
    if (erased != 0) {
      ByteBuffer cells = ByteBuffer.wrap(bytes, from, length);
      long mask = (erased & 0xffL) * 0x0101_0101_0101_0101L;
      int at = from;
      for (; at + Long.BYTES <= from + length; at += Long.BYTES) {
        cells.putLong(at, cells.getLong(at) ^ mask);
      }
      for (; at < from + length; at++) {
        bytes[at] ^= erased;
      }
    }
  }

  /** Gives the file back. What was written survives this process, killed or not. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
