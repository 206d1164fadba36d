package dev.otasigner.service.signing;

import dev.otasigner.service.signing.BuildRegistration.Precedent;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.McubootImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is said when a finished build is pushed. Without a manifest the service makes one; members
 * of a signing request may then stand beside the image, and those that do not are taken from the
 * image itself and from the newest build.
 *
 * @param image digest of an uploaded image
 */
record PushBody(
    Digest image, Optional<Bytes> manifest, Optional<String> idempotencyKey, Json.Obj given) {

  static PushBody read(Fields fields) throws RejectedException {
    return new PushBody(
        fields.digest("image"),
        fields.has("manifest")
            ? Optional.of(fields.base64("manifest", Envelope.MAX_BYTES))
            : Optional.empty(),
        Optional.ofNullable(RequestController.idempotencyKey(fields)),
        fields.json());
  }

  /** By which one push is told from another under the same key. */
  Digest digest() {
    return Digest.of(given.canonicalBytes());
  }

  /** The signing request for a manifest over the image. */
  RequestSpec complete(String product, Digest digest, McubootImage read, Optional<Precedent> newest)
      throws RejectedException {
    Map<String, Json> members = new LinkedHashMap<>(given.members());
    members.remove("image");
    members.remove("idempotencyKey");
    ImageVersion version = read.header().version();
    members.put("version", new Json.Str(version.toString()));
    members.put(
        "securityCounter",
        new Json.Num(
            read.securityCounter()
                .orElseThrow(
                    () ->
                        new RejectedException(
                            Reason.IMAGE_COUNTER, "the image carries no security counter"))));
    members.put("format", new Json.Str("mcuboot"));
    members.put("payload", new Json.Str(digest.hex()));
    members.put("finished", new Json.Bool(true));
    newest.ifPresent(n -> addFrom(n, members));
    for (String needed : List.of("hardware", "manifestKeys", "profile")) {
      if (!members.containsKey(needed)) {
        throw new RejectedException(
            Reason.MALFORMED,
            needed + ": missing, and product " + product + " has no build to take it from");
      }
    }
    return RequestSpec.read(new Fields(new Json.Obj(members), ""));
  }

  private static void addFrom(Precedent newest, Map<String, Json> members) {
    List<Json> hardware = new ArrayList<>();
    newest
        .manifest()
        .hardware()
        .forEach(
            h ->
                hardware.add(
                    Json.object()
                        .put("id", h.id())
                        .put("revisions", Json.strings(h.revisions()))
                        .build()));
    members.putIfAbsent("hardware", new Json.Arr(hardware));
    members.putIfAbsent("manifestKeys", Json.strings(newest.manifestKeys()));
    members.putIfAbsent("profile", new Json.Str(newest.manifest().profile().hex()));
  }
}
