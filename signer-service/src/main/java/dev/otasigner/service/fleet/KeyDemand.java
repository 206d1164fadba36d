package dev.otasigner.service.fleet;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a product demands, from a day on, of the keys that sign its builds.
 *
 * @param purpose image or manifest
 * @param from no build is asked before it
 * @param minStrengthBits no key may be weaker; 0 when any may be
 * @param suites one of the keys has to sign with one of these; empty when none has to
 */
public record KeyDemand(
    KeyPurpose purpose, Instant from, int minStrengthBits, List<SignatureSuite> suites) {
  static final Set<String> MEMBERS = Set.of("purpose", "from", "minStrengthBits", "suites");
  private static final int MAX_STRENGTH_BITS = 256;

  public KeyDemand {
    suites = List.copyOf(suites);
  }

  static KeyDemand read(Fields fields) throws RejectedException {
    ProductPolicy.requireKnown(fields, MEMBERS);
    KeyPurpose purpose = fields.oneOf("purpose", KeyPurpose::ofCode, "key purpose");
    if (purpose != KeyPurpose.IMAGE && purpose != KeyPurpose.MANIFEST) {
      throw fields.malformed("purpose", "image or manifest is expected");
    }
    List<SignatureSuite> suites = new ArrayList<>();
    if (fields.has("suites")) {
      for (String code : fields.strings("suites", SignatureSuite.values().length)) {
        SignatureSuite suite = SignatureSuite.ofCode(code);
        if (suite == null) {
          throw fields.malformed("suites", code + " is no signature suite");
        }
        suites.add(suite);
      }
    }
    KeyDemand demand =
        new KeyDemand(
            purpose,
            fields.time("from"),
            fields.has("minStrengthBits")
                ? (int) fields.integer("minStrengthBits", 0, MAX_STRENGTH_BITS)
                : 0,
            suites);
    if (demand.minStrengthBits == 0 && suites.isEmpty()) {
      throw fields.malformed("", "neither minStrengthBits nor suites: it demands nothing");
    }
    return demand;
  }

  Json toJson() {
    Json.Builder json = Json.object().put("purpose", purpose.code()).put("from", from);
    if (minStrengthBits > 0) {
      json.put("minStrengthBits", minStrengthBits);
    }
    if (!suites.isEmpty()) {
      json.put("suites", Json.strings(suites.stream().map(SignatureSuite::code).toList()));
    }
    return json.build();
  }
}
