package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.verifier.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Predicate;

/**
 * Something that devices of a product may lean on and that ends by itself.
 *
 * @param what in a few words, for people
 * @param ahead nobody needs to know earlier
 * @param ask the change that it comes to, as it is asked about
 * @param by which of the cohorts that the change strands are stranded by this end
 * @param remedy what people do about it, in a few words
 */
record Expiry(
    String product,
    String what,
    Instant ends,
    Duration ahead,
    Json.Obj ask,
    Predicate<CohortImpact> by,
    String remedy) {
  boolean isNear(Instant now) {
    return !ends.minus(ahead).isAfter(now);
  }
}
