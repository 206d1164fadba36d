package dev.otasigner.device.flash;

import java.util.Arrays;

/** Cells in memory, for tests that need thousands of chips. */
final class MemoryMedium implements FlashMedium {
  private final byte[] cells;

  MemoryMedium(long lengthBytes, byte erased) {
    cells = new byte[Math.toIntExact(lengthBytes)];
    Arrays.fill(cells, erased);
  }

  MemoryMedium(MemoryMedium original) {
    cells = original.cells.clone();
  }

  @Override
  public void read(long offset, byte[] into, int from, int length) {
    System.arraycopy(cells, (int) offset, into, from, length);
  }

  @Override
  public void write(long offset, byte[] bytes, int from, int length) {
    System.arraycopy(bytes, from, cells, (int) offset, length);
  }

  @Override
  public void close() {}
}
