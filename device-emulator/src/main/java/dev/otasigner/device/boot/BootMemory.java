package dev.otasigner.device.boot;

import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Boot trust: the bootloader itself with its anchors, the one on trial, the counter, and the status
 * of an upgrade. The operating system gets it over locked regions, so that it can only read.
 */
public final class BootMemory {
  private static final String PRESENT = "bootloader";
  private static final String NEXT = "next";
  private static final String STATUS = "status";
  private static final String SWAP = "swap";
  private static final String COUNTER = "counter";

  private final FlashStore store;
  private final FlashStore counterStore;

  private BootMemory(FlashStore store, FlashStore counterStore) {
    this.store = store;
    this.counterStore = counterStore;
  }

  public static BootMemory open(FlashRegion bootloader, FlashRegion counter) throws IOException {
    return new BootMemory(FlashStore.open(bootloader), FlashStore.open(counter));
  }

  /** What a factory writes into a blank chip, beside the image. */
  public void provision(Bootloader bootloader, long securityCounter, long imageBytes)
      throws IOException {
    raiseCounter(securityCounter);
    store
        .change()
        .put(PRESENT, bootloader.toJson().canonicalBytes())
        .put(STATUS, BootStatus.factory(imageBytes).toBytes())
        .commit();
  }

  /** The bootloader, with the anchors that are on trial beside its own. */
  public Bootloader bootloader() throws IOException {
    Bootloader present = read(PRESENT).orElseThrow(() -> damaged(PRESENT));
    return withTrial(present, read(NEXT).map(Bootloader::anchors).orElse(List.of()));
  }

  /** The present bootloader alone, as it is once more after a revert. */
  Bootloader present() throws IOException {
    return withTrial(bootloader(), List.of());
  }

  static Bootloader withTrial(Bootloader b, List<BootAnchor> trial) {
    return new Bootloader(
        b.id(),
        b.anchors(),
        trial,
        b.allowList(),
        b.rollbackProtection(),
        b.updatable(),
        b.keyTlv(),
        b.slotBytes());
  }

  public BootStatus status() throws IOException {
    byte[] json = store.get(STATUS).orElseThrow(() -> damaged(STATUS));
    try {
      return BootStatus.read(json);
    } catch (RejectedException e) {
      throw damaged(STATUS);
    }
  }

  /** The stored security counter, u32. */
  public long counter() {
    return counterStore.get(COUNTER).map(b -> ByteBuffer.wrap(b).getLong()).orElse(0L);
  }

  /** Stores the counter unless that would lower it. */
  void raiseCounter(long value) throws IOException {
    if (value > counter()) {
      counterStore.put(COUNTER, ByteBuffer.allocate(8).putLong(value).array());
    }
  }

  int swapSteps() {
    return store.get(SWAP).map(b -> ByteBuffer.wrap(b).getInt()).orElse(0);
  }

  void saveSwapSteps(int steps) throws IOException {
    store.put(SWAP, ByteBuffer.allocate(4).putInt(steps).array());
  }

  void save(BootStatus status) throws IOException {
    store.put(STATUS, status.toBytes());
  }

  /** Begins an exchange of the slots. */
  void beginSwap(BootStatus status, Optional<Bootloader> next) throws IOException {
    FlashStore.Changes changes = store.change().put(STATUS, status.toBytes()).delete(SWAP);
    next.ifPresent(n -> changes.put(NEXT, n.toJson().canonicalBytes()));
    changes.commit();
  }

  /** The bootloader on trial takes the place of the present one, if there is one. */
  void commit(BootStatus status) throws IOException {
    Optional<byte[]> next = store.get(NEXT);
    FlashStore.Changes changes = store.change().put(STATUS, status.toBytes()).delete(NEXT);
    next.ifPresent(n -> changes.put(PRESENT, n));
    changes.commit();
  }

  /** The bootloader on trial is forgotten. */
  void rollBack(BootStatus status) throws IOException {
    store.change().put(STATUS, status.toBytes()).delete(NEXT).commit();
  }

  private Optional<Bootloader> read(String name) throws IOException {
    Optional<byte[]> json = store.get(name);
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Bootloader.read(JsonReader.readObject(json.get(), DeviceState.MAX_BYTES)));
    } catch (RejectedException e) {
      throw damaged(name);
    }
  }

  private static IOException damaged(String what) {
    return new FlashFileException(
        "flash holds no readable boot " + what + ": this is no enrolled device");
  }
}
