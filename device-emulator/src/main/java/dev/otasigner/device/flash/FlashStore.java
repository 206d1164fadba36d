package dev.otasigner.device.flash;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Named values in a region, changed together or not at all, whatever happens to the power.
 *
 * <p>The region is two banks. Changes are appended to one as entries {@code u32 magic, u64
 * sequence, u32 length, u32 crc32c, payload}; an entry that is torn fails its checksum and never
 * happened. When a bank is full, the other is erased and begins with an entry that holds
 * everything. The bank with the newest valid entry counts.
 */
public final class FlashStore {
  private static final int MAGIC = 0x4f54_4153;
  private static final int HEADER_BYTES = 24;
  private static final int WHOLE = 0x8000_0000;
  private static final int BLOCK_BYTES = 1024;
  private static final int MAX_NAME = 200;

  /** Far beyond what a chip lives to see; whoever can write the region may claim anything. */
  private static final long MAX_SEQUENCE = 1L << 62;

  private final FlashRegion region;
  private final int bankSectors;
  private final int bankBytes;
  private TreeMap<String, byte[]> values = new TreeMap<>();
  private long sequence;
  private int activeBank = -1;
  private int next;
  private boolean broken;

  private FlashStore(FlashRegion region) {
    this.region = region;
    this.bankSectors = region.sectorCount() / 2;
    this.bankBytes = bankSectors * region.sectorBytes();
    if (bankSectors == 0) {
      throw new IllegalArgumentException("a store needs two sectors");
    }
  }

  /** Reads what the region holds; a blank or never finished one is an empty store. */
  public static FlashStore open(FlashRegion region) throws IOException {
    FlashStore store = new FlashStore(region);
    for (int bank = 0; bank < 2; bank++) {
      store.load(bank);
    }
    return store;
  }

  public Optional<byte[]> get(String name) {
    byte[] value = values.get(name);
    return value == null ? Optional.empty() : Optional.of(value.clone());
  }

  /** Names that begin so, in order. */
  public java.util.List<String> names(String prefix) {
    return values.keySet().stream().filter(n -> n.startsWith(prefix)).toList();
  }

  public Changes change() {
    return new Changes();
  }

  public void put(String name, byte[] value) throws IOException {
    change().put(name, value).commit();
  }

  /** Changes that are committed together. */
  public final class Changes {
    private final Map<String, byte @Nullable []> changes = new LinkedHashMap<>();

    private Changes() {}

    public Changes put(String name, byte[] value) {
      changes.put(checkName(name), value.clone());
      return this;
    }

    public Changes delete(String name) {
      changes.put(checkName(name), null);
      return this;
    }

    /**
     * Makes the changes durable.
     *
     * @throws FlashFullException when they do not fit; nothing has changed then
     */
    public void commit() throws IOException {
      FlashStore.this.commit(changes);
    }
  }

  private void commit(Map<String, byte @Nullable []> changes) throws IOException {
    if (broken) {
      throw new FlashFileException("an earlier write to this store has failed");
    }
    TreeMap<String, byte[]> after = new TreeMap<>(values);
    changes.forEach(
        (name, value) -> {
          if (value == null) {
            after.remove(name);
          } else {
            after.put(name, value);
          }
        });
    byte[] body = body(changes);
    if (activeBank >= 0 && next + entryBytes(body.length) <= bankBytes) {
      broken = true;
      append(0, body);
    } else {
      byte[] whole = body(new LinkedHashMap<>(after));
      if (entryBytes(whole.length) > bankBytes) {
        throw new FlashFullException(
            "store needs " + entryBytes(whole.length) + " bytes, a bank has " + bankBytes);
      }
      int bank = activeBank == 0 ? 1 : 0;
      broken = true;
      for (int sector = 0; sector < bankSectors; sector++) {
        region.eraseIfUsed(bank * bankSectors + sector);
      }
      activeBank = bank;
      next = 0;
      append(WHOLE, whole);
    }
    values = after;
    // What a write that failed has left in the cells, the next start finds out.
    broken = false;
  }

  private void append(int flag, byte[] body) throws IOException {
    long number = sequence + 1;
    ByteBuffer header =
        ByteBuffer.allocate(HEADER_BYTES)
            .putInt(MAGIC)
            .putLong(number)
            .putInt(body.length | flag)
            .putInt(checksum(body));
    header.putInt(checksum(Arrays.copyOf(header.array(), HEADER_BYTES - 4)));
    long start = (long) activeBank * bankBytes + next;
    region.write(start, padded(header.array()));
    region.write(start + aligned(HEADER_BYTES), padded(body));
    next += entryBytes(body.length);
    sequence = number;
  }

  private static byte[] body(Map<String, byte @Nullable []> changes) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    changes.forEach(
        (name, value) -> {
          byte[] key = name.getBytes(StandardCharsets.US_ASCII);
          body.write(key.length);
          body.writeBytes(key);
          int length = value == null ? -1 : value.length;
          body.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
          if (value != null) {
            body.writeBytes(value);
          }
        });
    return body.toByteArray();
  }

  private int entryBytes(int bodyBytes) {
    return aligned(HEADER_BYTES) + aligned(bodyBytes);
  }

  private int aligned(int length) {
    int align = region.writeAlignBytes();
    return (length + align - 1) / align * align;
  }

  private byte[] padded(byte[] bytes) {
    byte[] padded = Arrays.copyOf(bytes, aligned(bytes.length));
    Arrays.fill(padded, bytes.length, padded.length, region.erased());
    return padded;
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Takes the bank's content if it is newer than what is loaded. */
  private void load(int bank) throws IOException {
    byte[] cells = region.read((long) bank * bankBytes, bankBytes);
    int used = usedBytes(cells);
    TreeMap<String, byte[]> found = new TreeMap<>();
    long newest = 0;
    int at = 0;
    while (at < used) {
      ByteBuffer header = ByteBuffer.wrap(cells, at, cells.length - at).slice();
      if (!isHeader(header)) {
        // A torn header; what was written after the next start begins on a later aligned offset.
        at += aligned(1);
        continue;
      }
      int length = header.getInt(12) & ~WHOLE;
      int from = at + aligned(HEADER_BYTES);
      byte[] body = Arrays.copyOfRange(cells, from, from + length);
      boolean whole = header.getInt(12) < 0;
      long number = header.getLong(4);
      // A bank begins with everything; after that come changes, in order.
      if (whole == (newest == 0)
          && number > newest
          && number < MAX_SEQUENCE
          && checksum(body) == header.getInt(16)
          && isReadable(ByteBuffer.wrap(body))) {
        apply(ByteBuffer.wrap(body), found);
        newest = number;
      }
      at += entryBytes(length);
    }
    if (newest > sequence) {
      values = found;
      sequence = newest;
      activeBank = bank;
      next = Math.max(used, at);
    }
  }

  private boolean isHeader(ByteBuffer cells) {
    if (cells.capacity() < aligned(HEADER_BYTES) || cells.getInt(0) != MAGIC) {
      return false;
    }
    byte[] header = new byte[HEADER_BYTES - 4];
    cells.get(0, header);
    return checksum(header) == cells.getInt(HEADER_BYTES - 4)
        && (cells.getInt(12) & ~WHOLE) <= cells.capacity() - aligned(HEADER_BYTES);
  }

  /** End of the last aligned unit that holds anything but erased cells. */
  private int usedBytes(byte[] cells) {
    byte[] blank = new byte[BLOCK_BYTES];
    Arrays.fill(blank, region.erased());
    int end = cells.length;
    // Whole blocks first: most of a bank is blank, and every start of the device looks here.
    while (end >= BLOCK_BYTES
        && Arrays.equals(cells, end - BLOCK_BYTES, end, blank, 0, BLOCK_BYTES)) {
      end -= BLOCK_BYTES;
    }
    while (end > 0 && cells[end - 1] == region.erased()) {
      end--;
    }
    return aligned(end);
  }

  /** A checksum proves no author: each length is looked at before it is believed. */
  private static boolean isReadable(ByteBuffer body) {
    while (body.hasRemaining()) {
      int name = body.get() & 0xff;
      if (body.remaining() < name + Integer.BYTES) {
        return false;
      }
      body.position(body.position() + name);
      int size = Math.max(0, body.getInt());
      if (body.remaining() < size) {
        return false;
      }
      body.position(body.position() + size);
    }
    return true;
  }

  private static void apply(ByteBuffer body, Map<String, byte[]> into) {
    while (body.hasRemaining()) {
      byte[] key = new byte[body.get() & 0xff];
      body.get(key);
      String name = new String(key, StandardCharsets.US_ASCII);
      int size = body.getInt();
      if (size < 0) {
        into.remove(name);
      } else {
        byte[] value = new byte[size];
        body.get(value);
        into.put(name, value);
      }
    }
  }

  private static String checkName(String name) {
    if (name.isEmpty()
        || name.length() > MAX_NAME
        || !name.chars().allMatch(c -> c > 32 && c < 127)) {
      throw new IllegalArgumentException("not a name for a stored value: " + name);
    }
    return name;
  }
}
