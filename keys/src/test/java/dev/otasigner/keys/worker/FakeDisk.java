package dev.otasigner.keys.worker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A journal's disk in memory. What is written lies in a cache until it is forced; power can be cut
 * at any operation, and then each prefix of the cache may or may not have reached the disk.
 */
final class FakeDisk implements JournalFile {
  private byte[] durable;
  private byte[] cached = new byte[0];
  private int operations;

  /** The operation that power fails at, counted from 0. */
  int cutAt = Integer.MAX_VALUE;

  /** No more bytes than this fit. */
  int roomBytes = Integer.MAX_VALUE;

  /** Runs when something is about to be written. */
  Runnable beforeAppend = () -> {};

  int forces;
  final Map<Long, byte[]> aside = new HashMap<>();

  FakeDisk() {
    this(new byte[0]);
  }

  FakeDisk(byte[] durable) {
    this.durable = durable.clone();
  }

  byte[] durable() {
    return durable.clone();
  }

  byte[] cached() {
    return cached.clone();
  }

  /** Somebody else cuts off the end. */
  void lose(int bytes) {
    durable = Arrays.copyOf(durable, durable.length - bytes);
  }

  int operations() {
    return operations;
  }

  /** What the disk holds if this many bytes of the cache got there before the power went. */
  byte[] survivingWith(int cachedBytes) {
    return concat(durable, Arrays.copyOf(cached, cachedBytes));
  }

  private void step() throws IOException {
    if (operations++ >= cutAt) {
      throw new IOException("power cut");
    }
  }

  private static void requireRoom(boolean fits) throws IOException {
    if (!fits) {
      throw new IOException("No space left on device");
    }
  }

  @Override
  public long sizeBytes() {
    return durable.length + (long) cached.length;
  }

  @Override
  public byte[] readFrom(long offset, int maxBytes) {
    byte[] all = concat(durable, cached);
    int from = (int) offset;
    return Arrays.copyOfRange(all, from, (int) Math.min(all.length, from + (long) maxBytes));
  }

  @Override
  public void append(byte[] bytes) throws IOException {
    beforeAppend.run();
    int fitting = (int) Math.min(bytes.length, roomBytes - sizeBytes());
    // The power may go while the bytes are on their way.
    cached = concat(cached, Arrays.copyOf(bytes, fitting));
    step();
    requireRoom(fitting == bytes.length);
  }

  @Override
  public void force() throws IOException {
    step();
    durable = concat(durable, cached);
    cached = new byte[0];
    forces++;
  }

  @Override
  public void truncate(long sizeBytes) throws IOException {
    step();
    durable = Arrays.copyOf(concat(durable, cached), (int) sizeBytes);
    cached = new byte[0];
  }

  @Override
  public void keepAside(byte[] cut, long offset) throws IOException {
    step();
    requireRoom(sizeBytes() + cut.length <= roomBytes);
    aside.put(offset, cut);
  }

  @Override
  public void close() {}

  private static byte[] concat(byte[] a, byte[] b) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(a.length + b.length);
    out.writeBytes(a);
    out.writeBytes(b);
    return out.toByteArray();
  }
}
