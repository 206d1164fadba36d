package dev.otasigner.service.catalogue.storage;

import dev.otasigner.verifier.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * An object store as far as the interface needs one: put if absent, put if it still has this tag,
 * get, list. The lease is an object like the others.
 */
final class MemoryStorage implements RepositoryStorage {
  private static final Pattern NAME = Pattern.compile("[^./][^/]*(/[^./][^/]*)*");
  private static final String LEASE_NAME = ".lease";

  /** What all machines share. */
  static final class Objects {
    private final TreeMap<String, Pointer> byName = new TreeMap<>();
    private long writes;

    synchronized Optional<Pointer> get(String name) {
      return Optional.ofNullable(byName.get(name));
    }

    /** The one conditional write; a tag is never given twice. */
    synchronized boolean put(String name, Optional<String> expectedTag, byte[] bytes) {
      if (!get(name).map(Pointer::tag).equals(expectedTag)) {
        return false;
      }
      byName.put(name, new Pointer(Bytes.copyOf(bytes), "tag-" + ++writes));
      return true;
    }

    synchronized void remove(String name) {
      byName.remove(name);
    }

    synchronized List<String> names() {
      return List.copyOf(byName.keySet());
    }
  }

  private final Objects objects;
  private final String pointer;
  private final Duration lease;
  private final LongSupplier nanoTime;

  MemoryStorage(Objects objects, String pointer, Duration lease, LongSupplier nanoTime) {
    this.objects = objects;
    this.pointer = pointer;
    this.lease = lease;
    this.nanoTime = nanoTime;
  }

  @Override
  public String place() {
    return "memory";
  }

  @Override
  public Optional<StoredObject> find(String name) {
    return NAME.matcher(name).matches()
        ? objects.get(name).map(found -> new InMemory(found.bytes()))
        : Optional.empty();
  }

  @Override
  public List<String> list(String prefix) {
    return objects.names().stream()
        .filter(name -> name.startsWith(prefix) && NAME.matcher(name).matches())
        .toList();
  }

  @Override
  public Optional<Pointer> pointer() {
    return objects.get(pointer);
  }

  /** The lease object is "NUMBER STATE": a state that changes is a sign of life. */
  @Override
  public Lease acquire() {
    Optional<Pointer> seen = objects.get(LEASE_NAME);
    long since = nanoTime.getAsLong();
    while (true) {
      long time = nanoTime.getAsLong();
      Optional<Pointer> now = objects.get(LEASE_NAME);
      if (!now.equals(seen)) {
        seen = now;
        since = nanoTime.getAsLong();
      }
      String[] words = now.map(MemoryStorage::text).orElse("0 free").split(" ", -1);
      if (words[1].equals("free") || time - since >= lease.toNanos()) {
        Holder holder = new Holder(Long.parseLong(words[0]) + 1);
        if (objects.put(LEASE_NAME, now.map(Pointer::tag), bytes(holder.number + " held"))) {
          return holder;
        }
      }
      Thread.onSpinWait();
    }
  }

  private static String text(Pointer object) {
    return new String(object.bytes().toByteArray(), java.nio.charset.StandardCharsets.US_ASCII);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }

  private record InMemory(Bytes bytes) implements StoredObject {
    @Override
    public long lengthBytes() {
      return bytes.toByteArray().length;
    }

    @Override
    public InputStream open(long fromByte) {
      byte[] all = bytes.toByteArray();
      int from = (int) Math.min(fromByte, all.length);
      return new ByteArrayInputStream(all, from, all.length - from);
    }
  }

  private final class Holder implements Lease {
    private final long number;

    Holder(long number) {
      this.number = number;
    }

    @Override
    public long number() {
      return number;
    }

    @Override
    public void alive() throws LostException {
      if (!renew("held")) {
        throw new LostException(place(), number);
      }
    }

    private boolean renew(String state) {
      Optional<Pointer> now = objects.get(LEASE_NAME);
      return now.map(MemoryStorage::text).orElse("").equals(number + " held")
          && objects.put(LEASE_NAME, now.map(Pointer::tag), bytes(number + " " + state));
    }

    @Override
    public void create(String name, byte[] bytes) throws IOException {
      requireName(name);
      alive();
      if (!objects.put(name, Optional.empty(), bytes)) {
        throw new FileAlreadyExistsException(name);
      }
    }

    @Override
    public void put(String name, Content content) throws IOException {
      requireName(name);
      alive();
      byte[] bytes =
          content instanceof Content.LocalFile local
              ? Files.readAllBytes(local.file())
              : ((Content.Document) content).bytes().toByteArray();
      objects.put(name, objects.get(name).map(Pointer::tag), bytes);
    }

    @Override
    public void remove(String name) throws IOException {
      requireName(name);
      alive();
      objects.remove(name);
    }

    private void requireName(String name) throws IOException {
      if (!NAME.matcher(name).matches()) {
        throw new IOException("no object can be named " + name);
      }
    }

    @Override
    public void replacePointer(Optional<String> expectedTag, byte[] bytes) throws IOException {
      alive();
      if (!objects.put(pointer, expectedTag, bytes)) {
        throw new LostException(place(), number);
      }
    }

    @Override
    public void close() {
      renew("free");
    }
  }
}
