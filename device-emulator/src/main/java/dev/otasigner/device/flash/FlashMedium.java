package dev.otasigner.device.flash;

import java.io.Closeable;
import java.io.IOException;

/** Where the cells are kept; knows no rules. Offsets are absolute, in bytes. */
interface FlashMedium extends Closeable {
  void read(long offset, byte[] into, int from, int length) throws IOException;

  void write(long offset, byte[] bytes, int from, int length) throws IOException;
}
