package dev.otasigner.service.report;

import java.time.Duration;
import java.util.Optional;

/**
 * What devices lean on and lose with an {@link Ending}, unless people see to it in time.
 *
 * @param product whose devices lean on it, or empty for all
 * @param name of a key by its identifier, or of a lineage
 * @param channelRole of the lineage, whose channel's and hardware's devices alone lean on it; empty
 *     when all of the product do
 * @param ahead nobody needs to know earlier
 * @param remedy what people do about it, in a few words
 */
public record Support(
    Kind kind,
    Optional<String> product,
    String name,
    Optional<String> channelRole,
    Duration ahead,
    String remedy) {
  /** What it is that ends. */
  public enum Kind {
    /** A key, which signs nothing more. */
    KEY,
    /** A lineage, whose metadata nobody accepts any more. */
    LINEAGE
  }

  /** Whether devices of this channel and hardware lean on it. */
  public boolean isOf(String channel, String hardware) {
    return channelRole.filter(role -> !role.equals(channel + "." + hardware)).isEmpty();
  }

  /** A key that signs for a product, or for all. */
  public static Support key(Optional<String> product, String keyId, String remedy) {
    return new Support(Kind.KEY, product, keyId, Optional.empty(), Ending.LONGEST_AHEAD, remedy);
  }
}
