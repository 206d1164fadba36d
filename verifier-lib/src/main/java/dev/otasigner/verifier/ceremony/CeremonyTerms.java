package dev.otasigner.verifier.ceremony;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.LineagePolicy;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What holders agree to besides the metadata itself: a member of the signed object, so that it is
 * under every signature. Clients pass over it.
 *
 * @param product by its name in the service
 * @param lineage of the product; a holder of two lineages cannot have signed one for the other
 * @param postQuantum whether root and targets need a post-quantum signature beside a classical one
 * @param signBy from this second on nobody signs it or takes it in, however many have signed
 */
public record CeremonyTerms(String product, String lineage, boolean postQuantum, Instant signBy) {
  static final String MEMBER = "x-ota-ceremony";

  /**
   * The terms in a signed object.
   *
   * @throws RejectedException MALFORMED when they are missing or not what is expected
   */
  public static CeremonyTerms read(Json.Obj signed) throws RejectedException {
    Fields terms = new Fields(signed, "signed").object(MEMBER);
    return new CeremonyTerms(
        terms.name("product"),
        terms.name("lineage"),
        terms.bool("postQuantum"),
        terms.time("signBy"));
  }

  /** Whether a signed object has terms: those that a service made by itself have none. */
  public static boolean isIn(Json.Obj signed) {
    return signed.members().containsKey(MEMBER);
  }

  /** The signed object under these terms. */
  public Json.Obj on(Json.Obj signed) {
    Map<String, Json> members = new LinkedHashMap<>(signed.members());
    members.put(
        MEMBER,
        Json.object()
            .put("product", product)
            .put("lineage", lineage)
            .put("postQuantum", postQuantum)
            .put("signBy", signBy)
            .build());
    return new Json.Obj(members);
  }

  /** Signatures of each kind that root and targets need. */
  public Profile.Thresholds thresholds() {
    return new Profile.Thresholds(1, postQuantum ? 1 : 0);
  }

  LineagePolicy policy() {
    return new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, thresholds());
  }
}
