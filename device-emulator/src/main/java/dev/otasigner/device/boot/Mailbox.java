package dev.otasigner.device.boot;

import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.policy.BootloaderComponent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What the operating system asks of the bootloader. Nothing in it is believed: a request is judged,
 * and a confirmation counts only for the attempt that is on trial.
 */
public final class Mailbox {
  private static final String REQUEST = "request";
  private static final String COMPONENT = "component";
  private static final String CONFIRMED = "confirmed";

  private static final int REQUEST_BYTES = 2 * Long.BYTES;

  private final FlashStore store;

  private Mailbox(FlashStore store) {
    this.store = store;
  }

  /**
   * Empties it, whatever it holds: erased rather than written, so that what the operating system
   * left there can be in no way.
   */
  static void clear(FlashRegion region) throws IOException {
    for (int sector = 0; sector < region.sectorCount(); sector++) {
      region.eraseIfUsed(sector);
    }
  }

  public static Mailbox open(FlashRegion region) throws IOException {
    return new Mailbox(FlashStore.open(region));
  }

  /**
   * A wish to boot what is in the secondary slot.
   *
   * @param component a new bootloader that comes with it
   */
  public record Request(long attempt, long imageBytes, Optional<Bytes> component) {}

  public void request(Request request) throws IOException {
    ByteBuffer value = ByteBuffer.allocate(REQUEST_BYTES);
    value.putLong(request.attempt()).putLong(request.imageBytes());
    FlashStore.Changes changes = store.change().put(REQUEST, value.array());
    request
        .component()
        .ifPresentOrElse(
            c -> changes.put(COMPONENT, c.toByteArray()), () -> changes.delete(COMPONENT));
    changes.commit();
  }

  /** The image that is on trial declares itself good; from here on it stays. */
  public void confirm(long attempt) throws IOException {
    if (!isConfirmed(attempt)) {
      store.put(CONFIRMED, ByteBuffer.allocate(8).putLong(attempt).array());
    }
  }

  /**
   * The wish, if its attempt is the next one: a number that is far ahead would leave none for
   * whoever asks after it. What cannot be read is no wish.
   */
  Optional<Request> requestAfter(long attempt) {
    return store
        .get(REQUEST)
        .filter(value -> value.length == REQUEST_BYTES)
        .map(ByteBuffer::wrap)
        .map(b -> new Request(b.getLong(), b.getLong(), store.get(COMPONENT).map(Bytes::copyOf)))
        .filter(r -> r.attempt() == attempt + 1)
        .filter(
            r -> r.component().map(c -> c.length() <= BootloaderComponent.MAX_BYTES).orElse(true));
  }

  boolean isConfirmed(long attempt) {
    return store
        .get(CONFIRMED)
        .filter(value -> value.length == Long.BYTES)
        .map(value -> ByteBuffer.wrap(value).getLong() == attempt)
        .orElse(false);
  }
}
