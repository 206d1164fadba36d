package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Content;
import dev.otasigner.service.catalogue.storage.Lease;
import dev.otasigner.service.catalogue.storage.Pointer;
import dev.otasigner.service.catalogue.storage.RepositoryStorage;
import dev.otasigner.service.catalogue.storage.StoredObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A storage on a disk that fails at one write, before it or right after it, and from then on. */
final class FaultyStorage implements RepositoryStorage {
  private final RepositoryStorage storage;
  private int writes;
  private int failAt = Integer.MAX_VALUE;
  private boolean afterwards;

  FaultyStorage(RepositoryStorage storage) {
    this.storage = storage;
  }

  /** Counts from one again. */
  void failAt(int write, boolean afterItsEffect) {
    writes = 0;
    failAt = write;
    afterwards = afterItsEffect;
  }

  void repair() {
    failAt(Integer.MAX_VALUE, false);
  }

  int writes() {
    return writes;
  }

  @Override
  public String place() {
    return storage.place();
  }

  @Override
  public Optional<StoredObject> find(String name) throws IOException {
    return storage.find(name);
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    return storage.list(prefix);
  }

  @Override
  public Optional<Pointer> pointer() throws IOException {
    return storage.pointer();
  }

  @Override
  public Lease acquire() throws IOException {
    return new Failing(storage.acquire());
  }

  private interface Write {
    void run() throws IOException;
  }

  private void write(Write write) throws IOException {
    writes++;
    if (writes > failAt || (writes == failAt && !afterwards)) {
      throw new IOException("No space left on device");
    }
    write.run();
    if (writes == failAt) {
      throw new IOException("Input/output error");
    }
  }

  private final class Failing implements Lease {
    private final Lease lease;

    Failing(Lease lease) {
      this.lease = lease;
    }

    @Override
    public long number() {
      return lease.number();
    }

    @Override
    public void alive() throws IOException {
      lease.alive();
    }

    @Override
    public void create(String name, byte[] bytes) throws IOException {
      write(() -> lease.create(name, bytes));
    }

    @Override
    public void put(String name, Content content) throws IOException {
      write(() -> lease.put(name, content));
    }

    @Override
    public void remove(String name) throws IOException {
      write(() -> lease.remove(name));
    }

    @Override
    public void replacePointer(Optional<String> expectedTag, byte[] bytes) throws IOException {
      write(() -> lease.replacePointer(expectedTag, bytes));
    }

    @Override
    public void close() throws IOException {
      lease.close();
    }
  }
}
