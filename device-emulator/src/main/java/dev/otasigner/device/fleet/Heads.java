package dev.otasigner.device.fleet;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The newest head file of each catalogue that devices have accepted: what a device should run at
 * the end. A device alone cannot tell, since it knows one lineage, and not that it is stuck there.
 */
final class Heads {
  /** By the catalogue's folder, and channel and hardware. */
  private final Map<String, Head> newest = new ConcurrentHashMap<>();

  /** The head files that went by while a device was on; they count once it has accepted them. */
  static final class Seen {
    private @Nullable String path;
    private byte[] json = new byte[0];

    void see(String from, byte[] bytes) {
      path = from;
      json = bytes;
    }
  }

  /** The device's cycle ended without a refusal: what it saw was signed and fresh. */
  void accept(Seen seen) throws RejectedException {
    if (seen.path == null) {
      return;
    }
    Head head = Head.read(seen.json);
    String catalogue = seen.path.substring(0, seen.path.lastIndexOf('/'));
    newest.merge(catalogue, head, (old, now) -> now.issued().isBefore(old.issued()) ? old : now);
  }

  /** The newest build that any catalogue lists for this device and is its turn to have. */
  Optional<ImageVersion> of(String channel, String hardware, String deviceId) {
    ImageVersion best = null;
    for (Head head : newest.values()) {
      if (!head.channel().equals(channel) || !head.hardware().equals(hardware)) {
        continue;
      }
      for (Head.Candidate candidate : head.candidates()) {
        if (!candidate.bridge()
            && candidate.isInShare(deviceId)
            && (best == null || candidate.version().isNewerThan(best))) {
          best = candidate.version();
        }
      }
    }
    return Optional.ofNullable(best);
  }
}
