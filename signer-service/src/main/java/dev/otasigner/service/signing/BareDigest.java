package dev.otasigner.service.signing;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A digest that is signed unjudged: received before its key is touched, and signed once. */
@Entity
@Table(name = "bare_digest")
class BareDigest {
  private static final Digest NO_MANIFEST = Digest.of(Json.object().build().canonicalBytes());

  @Id private UUID id;
  private String product;
  private String requester;

  @Column(name = "idempotency_key")
  private @Nullable String idempotencyKey;

  @Column(name = "key_id")
  private String keyId;

  private String digest;
  private String document;
  private @Nullable String signature;
  private Instant created;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected BareDigest() {}

  BareDigest(
      UUID id,
      String product,
      String requester,
      @Nullable String idempotencyKey,
      Digest keyId,
      String digest,
      Digest policy,
      Instant created) {
    this.id = id;
    this.product = product;
    this.requester = requester;
    this.idempotencyKey = idempotencyKey;
    this.keyId = keyId.hex();
    this.digest = digest;
    this.created = created;
    RequestDocument request =
        new RequestDocument(
            id,
            requester,
            product,
            List.of(),
            "bare-digest",
            List.of(keyId),
            List.of(),
            NO_MANIFEST,
            List.of(Digest.of(HexFormat.of().parseHex(digest))),
            policy,
            Optional.empty(),
            created);
    this.document = new String(request.toJson().canonicalBytes(), StandardCharsets.UTF_8);
  }

  UUID id() {
    return id;
  }

  Digest keyId() {
    return new Digest(keyId);
  }

  String digest() {
    return digest;
  }

  boolean asksFor(Digest otherKey, String otherDigest) {
    return keyId.equals(otherKey.hex()) && digest.equals(otherDigest);
  }

  /** What the worker's journal names by its digest. */
  Bytes document() {
    return Bytes.copyOf(document.getBytes(StandardCharsets.UTF_8));
  }

  Optional<Digest> signatureDigest() {
    return Optional.ofNullable(signature).map(text -> Digest.of(Base64.getDecoder().decode(text)));
  }

  void signed(byte[] bytes) {
    signature = Base64.getEncoder().encodeToString(bytes);
  }

  /** As the HTTP API shows it. */
  Json.Obj toJson() {
    return Json.object()
        .put("id", id.toString())
        .put("product", product)
        .put("requester", requester)
        .put("keyId", keyId)
        .put("digest", digest)
        .put("unjudged", true)
        .put("signature", signature)
        .put("created", created)
        .build();
  }
}
