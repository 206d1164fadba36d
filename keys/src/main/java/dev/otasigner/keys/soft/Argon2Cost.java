package dev.otasigner.keys.soft;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;

/**
 * What one guess at a passphrase costs under Argon2id (RFC 9106).
 *
 * @param memoryKib memory in KiB
 * @param passes passes over it
 * @param lanes lanes; computed one after the other here
 */
public record Argon2Cost(int memoryKib, int passes, int lanes) {
  /** RFC 9106 section 4, the second recommended choice: 64 MiB, three passes, four lanes. */
  public static final Argon2Cost RECOMMENDED = new Argon2Cost(64 * 1024, 3, 4);

  /** A random passphrase of 256 bits is not guessed at any price: it need not cost memory. */
  public static final Argon2Cost FOR_RANDOM = new Argon2Cost(8 * 1024, 1, 1);

  // A file that asks for more is refused rather than obeyed.
  private static final int MAX_MEMORY_KIB = 1024 * 1024;
  private static final int MAX_PASSES = 64;
  private static final int MAX_LANES = 16;

  public Argon2Cost {
    if (lanes < 1
        || lanes > MAX_LANES
        || passes < 1
        || passes > MAX_PASSES
        || memoryKib < 8 * lanes
        || memoryKib > MAX_MEMORY_KIB) {
      throw new IllegalArgumentException("Argon2 cost out of range");
    }
  }

  static Argon2Cost read(Fields fields) throws RejectedException {
    int lanes = (int) fields.integer("lanes", 1, MAX_LANES);
    return new Argon2Cost(
        (int) fields.integer("memoryKib", 8L * lanes, MAX_MEMORY_KIB),
        (int) fields.integer("passes", 1, MAX_PASSES),
        lanes);
  }

  Json.Obj toJson() {
    return Json.object()
        .put("memoryKib", memoryKib)
        .put("passes", passes)
        .put("lanes", lanes)
        .build();
  }
}
