package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;

/**
 * What is to be listed where.
 *
 * @param bridge brings old devices a newer profile; ignores the share and is never superseded
 * @param sharePerMille of the fleet, 0 to 1000
 */
public record ReleaseOrder(
    String product,
    String channel,
    String hardware,
    ImageVersion version,
    boolean bridge,
    int sharePerMille) {

  static ReleaseOrder read(String product, Fields fields) throws RejectedException {
    return new ReleaseOrder(
        product,
        fields.name("channel"),
        fields.name("hardware"),
        ImageVersion.parseLenient(fields.string("version")),
        fields.has("bridge") && fields.bool("bridge"),
        fields.has("sharePerMille") ? (int) fields.integer("sharePerMille", 0, 1000) : 1000);
  }
}
