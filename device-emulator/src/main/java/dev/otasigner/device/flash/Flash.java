package dev.otasigner.device.flash;

import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.verifier.RejectedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;

/**
 * A flash chip with its rules: erase by sector, write aligned and only into erased cells.
 *
 * <p>File format: 8 bytes {@code OTAFLASH}, u32 big-endian length, the layout in JSON; from offset
 * 4096 the cells (see {@link FileMedium}). One process at a time may hold a file.
 */
public final class Flash implements Closeable {
  private static final byte[] MAGIC = "OTAFLASH".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER_BYTES = 4096;

  private final FlashLayout layout;
  private final FlashMedium medium;
  private final PowerSupply power;

  Flash(FlashLayout layout, FlashMedium medium, PowerSupply power) {
    this.layout = layout;
    this.medium = medium;
    this.power = power;
  }

  /** A blank chip in a new file. */
  public static Flash create(Path path, FlashLayout layout) throws IOException {
    FileChannel file =
        FileChannel.open(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE),
            // The device's private key lies in it.
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      lock(file, path);
      byte[] json = layout.toBytes();
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
      header.put(MAGIC).putInt(json.length).put(json).rewind();
      while (header.hasRemaining()) {
        file.write(header, header.position());
      }
      // One byte at the end makes the file as long as the chip; the rest is a hole.
      file.write(ByteBuffer.wrap(new byte[1]), HEADER_BYTES + layout.lengthBytes() - 1);
      return new Flash(
          layout, new FileMedium(file, HEADER_BYTES, layout.erased()), PowerSupply.MAINS);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The chip in an existing file. */
  public static Flash open(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new FlashFileException(path + ": no flash file; `enrol` makes one");
    }
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      lock(file, path);
      FlashLayout layout = readHeader(file, path);
      if (file.size() < HEADER_BYTES + layout.lengthBytes()) {
        throw new FlashFileException(path + ": shorter than its layout says");
      }
      return new Flash(
          layout, new FileMedium(file, HEADER_BYTES, layout.erased()), PowerSupply.MAINS);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static FlashLayout readHeader(FileChannel file, Path path) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    while (header.hasRemaining() && file.read(header, header.position()) >= 0) {}
    header.flip();
    byte[] magic = new byte[MAGIC.length];
    if (header.limit() == HEADER_BYTES) {
      header.get(magic);
    }
    if (!Arrays.equals(magic, MAGIC)) {
      throw new FlashFileException(path + ": not a flash file (at offset 0, OTAFLASH is expected)");
    }
    int length = header.getInt();
    if (length < 0 || length > header.remaining()) {
      throw new FlashFileException(path + ": the layout's length is out of range (at offset 8)");
    }
    byte[] json = new byte[length];
    header.get(json);
    try {
      return FlashLayout.read(json);
    } catch (RejectedException e) {
      throw new FlashFileException(path + ": " + e.getMessage(), e);
    }
  }

  private static void lock(FileChannel file, Path path) throws IOException {
    try {
      if (file.tryLock() == null) {
        throw new FlashInUseException(path + ": another process runs this device");
      }
    } catch (OverlappingFileLockException e) {
      throw new FlashInUseException(path + ": this device is running already", e);
    }
  }

  /** A blank chip in memory. */
  public static Flash inMemory(FlashLayout layout) {
    return new Flash(
        layout, new MemoryMedium(layout.lengthBytes(), layout.erased()), PowerSupply.MAINS);
  }

  /** A copy of an in-memory chip, cell by cell, on another power supply. */
  public Flash copy(PowerSupply supply) {
    if (!(medium instanceof MemoryMedium memory)) {
      throw new IllegalStateException("only a chip in memory is copied");
    }
    return new Flash(layout, new MemoryMedium(memory), supply);
  }

  /** The same chip, same cells, on another power supply. */
  public Flash on(PowerSupply supply) {
    return new Flash(layout, medium, supply);
  }

  public FlashLayout layout() {
    return layout;
  }

  public FlashRegion region(Region region) {
    return new FlashRegion(this, region, true);
  }

  void read(long offset, byte[] into, int from, int length) throws IOException {
    medium.read(offset, into, from, length);
  }

  void write(long offset, byte[] bytes, int from, int length) throws IOException {
    byte[] before = new byte[length];
    medium.read(offset, before, 0, length);
    int used = Arrays.mismatch(before, blank(length));
    if (used >= 0) {
      throw new IllegalStateException("write to a cell that is not erased, at " + (offset + used));
    }
    operate("write", offset, before, Arrays.copyOfRange(bytes, from, from + length));
  }

  void erase(long offset, int length) throws IOException {
    byte[] before = new byte[length];
    medium.read(offset, before, 0, length);
    operate("erase", offset, before, blank(length));
  }

  boolean isErased(long offset, int length) throws IOException {
    byte[] cells = new byte[length];
    medium.read(offset, cells, 0, length);
    return Arrays.equals(cells, blank(length));
  }

  private byte[] blank(int length) {
    byte[] blank = new byte[length];
    Arrays.fill(blank, layout.erased());
    return blank;
  }

  private void operate(String what, long offset, byte[] before, byte[] after) throws IOException {
    PowerSupply.Power state = power.next();
    byte[] left =
        switch (state) {
          case STEADY, CUT_AFTER -> after;
          case CUT_BEFORE -> before;
          case CUT_TORN -> {
            byte[] torn = before.clone();
            System.arraycopy(after, 0, torn, 0, (after.length + 1) / 2);
            yield torn;
          }
          case CUT_MIXED -> {
            byte[] mask = new byte[after.length];
            new Random(offset * 17 + after.length).nextBytes(mask);
            for (int i = 0; i < mask.length; i++) {
              mask[i] = (byte) (before[i] & mask[i] | after[i] & ~mask[i]);
            }
            yield mask;
          }
          case CUT_NOISE -> {
            byte[] noise = new byte[after.length];
            new Random(offset * 31 + after.length).nextBytes(noise);
            yield noise;
          }
        };
    medium.write(offset, left, 0, left.length);
    if (state != PowerSupply.Power.STEADY) {
      throw new PowerCutException(what + " at " + offset);
    }
  }

  @Override
  public void close() throws IOException {
    medium.close();
  }
}
