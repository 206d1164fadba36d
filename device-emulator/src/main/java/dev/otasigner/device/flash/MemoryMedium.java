package dev.otasigner.device.flash;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Cells in memory, for thousands of chips: a block takes room once something is written to it, and
 * blocks that were written whole take it once for all copies of a chip that hold the same. So a
 * fleet that runs one image keeps that image once.
 */
final class MemoryMedium implements FlashMedium {
  static final int BLOCK_BYTES = 4096;

  private final byte erased;
  private final Pool pool;
  private final @Nullable Block[] blocks;

  MemoryMedium(long lengthBytes, byte erased) {
    this.erased = erased;
    this.pool = new Pool();
    this.blocks = new Block[Math.toIntExact((lengthBytes + BLOCK_BYTES - 1) / BLOCK_BYTES)];
  }

  /** The same cells, each block shared until one of the two writes to it. */
  MemoryMedium(MemoryMedium original) {
    this.erased = original.erased;
    this.pool = original.pool;
    for (Block block : original.blocks) {
      if (block != null) {
        block.shared = true;
      }
    }
    this.blocks = original.blocks.clone();
  }

  @Override
  public void read(long offset, byte[] into, int from, int length) {
    for (int done = 0; done < length; ) {
      int start = (int) ((offset + done) % BLOCK_BYTES);
      int count = Math.min(BLOCK_BYTES - start, length - done);
      Block block = blocks[(int) ((offset + done) / BLOCK_BYTES)];
      if (block == null) {
        Arrays.fill(into, from + done, from + done + count, erased);
      } else {
        System.arraycopy(block.cells, start, into, from + done, count);
      }
      done += count;
    }
  }

  @Override
  public void write(long offset, byte[] bytes, int from, int length) {
    for (int done = 0; done < length; ) {
      int index = (int) ((offset + done) / BLOCK_BYTES);
      int start = (int) ((offset + done) % BLOCK_BYTES);
      int count = Math.min(BLOCK_BYTES - start, length - done);
      if (count == BLOCK_BYTES) {
        blocks[index] = whole(Arrays.copyOfRange(bytes, from + done, from + done + count));
      } else {
        System.arraycopy(bytes, from + done, own(index).cells, start, count);
      }
      done += count;
    }
  }

  private @Nullable Block whole(byte[] cells) {
    for (byte cell : cells) {
      if (cell != erased) {
        return pool.share(new Block(cells));
      }
    }
    return null;
  }

  private Block own(int index) {
    Block present = blocks[index];
    if (present != null && !present.shared) {
      return present;
    }
    byte[] cells = new byte[BLOCK_BYTES];
    if (present == null) {
      Arrays.fill(cells, erased);
    } else {
      System.arraycopy(present.cells, 0, cells, 0, BLOCK_BYTES);
    }
    Block own = new Block(cells);
    blocks[index] = own;
    return own;
  }

  /** How many bytes of cells this chip holds that no other chip of the same pool does. */
  long ownBytes() {
    return Arrays.stream(blocks).filter(b -> b != null && !b.shared).count() * BLOCK_BYTES;
  }

  /** Whether both hold the very same block there. */
  @SuppressWarnings("ReferenceEquality")
  boolean sharesWith(MemoryMedium other, long offset) {
    int index = (int) (offset / BLOCK_BYTES);
    return blocks[index] != null && blocks[index] == other.blocks[index];
  }

  @Override
  public void close() {}

  /** Equal by content; its cells do not change any more once it is shared. */
  private static final class Block {
    private final byte[] cells;
    private volatile boolean shared;

    Block(byte[] cells) {
      this.cells = cells;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Block block && Arrays.equals(cells, block.cells);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(cells);
    }
  }

  /** The shared blocks of a chip and its copies, for as long as one of them holds them. */
  private static final class Pool {
    private final Map<Block, WeakReference<Block>> blocks = new WeakHashMap<>();

    synchronized Block share(Block block) {
      WeakReference<Block> known = blocks.get(block);
      Block present = known == null ? null : known.get();
      if (present != null) {
        return present;
      }
      block.shared = true;
      blocks.put(block, new WeakReference<>(block));
      return block;
    }
  }
}
