package dev.otasigner.device.flash;

import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashLayout.Sectors;
import dev.otasigner.verifier.ByteSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** A region of a chip, by offsets of its own; a locked one can only be read. */
public final class FlashRegion {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Flash flash;
  private final Region region;
  private final Sectors sectors;
  private final long start;
  private final boolean writable;

  FlashRegion(Flash flash, Region region, boolean writable) {
    this.flash = flash;
    this.region = region;
    this.sectors = flash.layout().sectors(region);
    this.start = flash.layout().offset(region);
    this.writable = writable;
  }

  /** The same cells, locked as a chip locks them until the next reset. */
  public FlashRegion locked() {
    return new FlashRegion(flash, region, false);
  }

  public long lengthBytes() {
    return sectors.lengthBytes();
  }

  public int sectorBytes() {
    return sectors.bytes();
  }

  public int sectorCount() {
    return sectors.count();
  }

  public int writeAlignBytes() {
    return flash.layout().writeAlignBytes();
  }

  public byte erased() {
    return flash.layout().erased();
  }

  public byte[] read(long offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, (long) length, lengthBytes());
    byte[] bytes = new byte[length];
    flash.read(start + offset, bytes, 0, length);
    return bytes;
  }

  /** Writes aligned bytes into erased cells, one operation for each sector touched. */
  public void write(long offset, byte[] bytes) throws IOException {
    requireWritable();
    Objects.checkFromIndexSize(offset, (long) bytes.length, lengthBytes());
    if (offset % writeAlignBytes() != 0 || bytes.length % writeAlignBytes() != 0) {
      throw new IllegalStateException("write is not aligned to " + writeAlignBytes());
    }
    int done = 0;
    while (done < bytes.length) {
      int room = sectorBytes() - (int) ((offset + done) % sectorBytes());
      int length = Math.min(room, bytes.length - done);
      flash.write(start + offset + done, bytes, done, length);
      done += length;
    }
  }

  public void erase(int sector) throws IOException {
    requireWritable();
    Objects.checkIndex(sector, sectorCount());
    flash.erase(start + (long) sector * sectorBytes(), sectorBytes());
  }

  /** Erases the sector unless it is. */
  public void eraseIfUsed(int sector) throws IOException {
    if (!isErased(sector)) {
      erase(sector);
    }
  }

  public boolean isErased(int sector) throws IOException {
    Objects.checkIndex(sector, sectorCount());
    return flash.isErased(start + (long) sector * sectorBytes(), sectorBytes());
  }

  /** The first {@code length} bytes as a source that is read afresh each time. */
  public ByteSource source(long length) {
    Objects.checkFromToIndex(0L, length, lengthBytes());
    return new ByteSource() {
      @Override
      public long lengthBytes() {
        return length;
      }

      @Override
      public InputStream open() {
        return FlashRegion.this.open(length);
      }
    };
  }

  /** A stream over the first {@code length} bytes. */
  private InputStream open(long length) {
    Objects.checkFromToIndex(0L, length, lengthBytes());
    return new InputStream() {
      private long at;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int from, int count) throws IOException {
        if (count == 0) {
          return 0;
        }
        if (at == length) {
          return -1;
        }
        int n = (int) Math.min(Math.min(count, BUFFER_BYTES), length - at);
        flash.read(start + at, into, from, n);
        at += n;
        return n;
      }

      @Override
      public long skip(long count) {
        long n = Math.max(0, Math.min(count, length - at));
        at += n;
        return n;
      }
    };
  }

  private void requireWritable() {
    if (!writable) {
      throw new IllegalStateException(region.code() + " is locked until the next reset");
    }
  }
}
