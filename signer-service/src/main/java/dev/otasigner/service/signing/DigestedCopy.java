package dev.otasigner.service.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Copies a stream to a file and digests it on the way. What is longer than a mebibyte is digested
 * by a thread of its own, while the next blocks come in and go to the file.
 */
final class DigestedCopy {
  private static final int BLOCK_BYTES = 128 * 1024;
  private static final int BLOCKS = 4;

  /** Not worth a thread. */
  private static final long SHORT_BYTES = 1024 * 1024;

  private final BlockingQueue<Block> empty = new ArrayBlockingQueue<>(BLOCKS);
  private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(BLOCKS + 1);
  private final MessageDigest hash;
  private final FileChannel to;
  private @Nullable Thread digesting;
  private int made;
  private long digestedHere;

  private DigestedCopy(FileChannel to, MessageDigest hash) {
    this.to = to;
    this.hash = hash;
  }

  /** Some bytes on their way; none of them is the end. */
  private static final class Block {
    private final byte[] bytes = new byte[BLOCK_BYTES];
    private int length;
  }

  /**
   * Copies up to the end of the stream, or so many bytes.
   *
   * @param hash knows every byte that is in the file when this returns or throws
   * @return how many came
   */
  static long copy(InputStream in, long atMost, FileChannel to, MessageDigest hash)
      throws IOException {
    DigestedCopy copy = new DigestedCopy(to, hash);
    try {
      return copy.all(in, atMost);
    } finally {
      copy.end();
    }
  }

  private long all(InputStream in, long atMost) throws IOException {
    long done = 0;
    boolean ended = false;
    while (!ended && done < atMost) {
      Block block = block();
      int wanted = (int) Math.min(BLOCK_BYTES, atMost - done);
      try {
        ended = fill(block, in, wanted);
      } finally {
        // Also what came before the connection was lost.
        done += block.length;
        write(block);
      }
    }
    return done;
  }

  /** Whether the stream has come to its end. */
  private static boolean fill(Block block, InputStream in, int wanted) throws IOException {
    while (block.length < wanted) {
      int n = in.read(block.bytes, block.length, wanted - block.length);
      if (n < 0) {
        return true;
      }
      block.length += n;
    }
    return false;
  }

  private Block block() throws IOException {
    Block block = empty.poll();
    if (block == null) {
      if (made < BLOCKS) {
        made++;
        return new Block();
      }
      block = uninterrupted(empty::take);
    }
    block.length = 0;
    return block;
  }

  private void write(Block block) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(block.bytes, 0, block.length);
    while (bytes.hasRemaining()) {
      to.write(bytes);
    }
    if (block.length == 0) {
      empty.add(block);
      return;
    }
    if (digestedHere < SHORT_BYTES) {
      hash.update(block.bytes, 0, block.length);
      digestedHere += block.length;
      empty.add(block);
      return;
    }
    if (digesting == null) {
      digesting = new Thread(this::digest, "payload-digest");
      digesting.setDaemon(true);
      digesting.start();
    }
    full.add(block);
  }

  private void digest() {
    try {
      for (Block block = full.take(); block.length > 0; block = full.take()) {
        hash.update(block.bytes, 0, block.length);
        empty.add(block);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this", e);
    }
  }

  private void end() throws IOException {
    Thread thread = digesting;
    if (thread != null) {
      full.add(new Block());
      uninterrupted(
          () -> {
            thread.join();
            return thread;
          });
    }
  }

  private interface Waiting<T> {
    T get() throws InterruptedException;
  }

  private static <T> T uninterrupted(Waiting<T> waiting) throws IOException {
    try {
      return waiting.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
