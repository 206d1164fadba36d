package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The request as it is approved: the canonical digest of this document is what approvers sign, what
 * the worker journals with every use of a key, and what the audit log keeps.
 *
 * @param purpose what the signatures are for
 * @param keyIds image keys, then manifest keys, in the order asked for
 * @param manifestDraft digest of the manifest as it will be signed, but for the digests and lengths
 *     of its files: they are not known before, for signatures are randomised
 * @param toBeSigned digests of what image keys sign, which is known before they do; the manifest is
 *     bound by its draft
 * @param policy digest of the product's policy under which it was judged
 * @param emergency why and which rules it may break; none for a request like others
 */
record RequestDocument(
    UUID id,
    String requester,
    String product,
    List<Manifest.Hardware> hardware,
    String purpose,
    List<Digest> keyIds,
    List<Payload> payloads,
    Digest manifestDraft,
    List<Digest> toBeSigned,
    Digest policy,
    Optional<Emergency> emergency,
    Instant created) {

  /** What approvers of an emergency are told. */
  record Emergency(String reason, List<PolicyReason> waived) {
    Emergency {
      waived = List.copyOf(waived);
    }

    Json toJson() {
      return Json.object()
          .put("reason", reason)
          .put("waived", waived.stream().map(PolicyReason::toJson).toList())
          .build();
    }
  }

  /**
   * Bytes the request is about.
   *
   * @param kind {@code payload} or {@code bootloader}
   */
  record Payload(Digest sha256, long lengthBytes, String kind) {}

  RequestDocument {
    hardware = List.copyOf(hardware);
    keyIds = List.copyOf(keyIds);
    payloads = List.copyOf(payloads);
    toBeSigned = List.copyOf(toBeSigned);
  }

  Digest digest() {
    return Digest.of(toJson().canonicalBytes());
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object();
    emergency.ifPresent(e -> json.put("emergency", e.toJson()));
    return json.put("id", id.toString())
        .put("requester", requester)
        .put("product", product)
        .put("hardware", Json.strings(hardware.stream().map(Manifest.Hardware::id).toList()))
        .put("purpose", purpose)
        .put("keyIds", Json.strings(keyIds.stream().map(Digest::hex).toList()))
        .put(
            "payloads",
            payloads.stream()
                .map(
                    p ->
                        Json.object()
                            .put("sha256", p.sha256)
                            .put("length", p.lengthBytes)
                            .put("kind", p.kind)
                            .build())
                .toList())
        .put("manifest", manifestDraft)
        .put("toBeSigned", Json.strings(toBeSigned.stream().map(Digest::hex).toList()))
        .put("policy", policy)
        .put("created", created)
        .build();
  }
}
