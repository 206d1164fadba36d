package dev.otasigner.device.boot;

import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.verifier.Bytes;
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

  private final FlashStore store;

  private Mailbox(FlashStore store) {
    this.store = store;
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
    ByteBuffer value = ByteBuffer.allocate(16);
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

  /** The wish, unless its attempt was taken up already. */
  Optional<Request> requestAfter(long attempt) {
    return store
        .get(REQUEST)
        .map(ByteBuffer::wrap)
        .map(b -> new Request(b.getLong(), b.getLong(), store.get(COMPONENT).map(Bytes::copyOf)))
        .filter(r -> r.attempt() > attempt);
  }

  boolean isConfirmed(long attempt) {
    return store.get(CONFIRMED).map(b -> ByteBuffer.wrap(b).getLong() == attempt).orElse(false);
  }
}
