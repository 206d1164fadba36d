package dev.otasigner.service.signing;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A request as stored. Its state moves along the edges of {@link RequestState} only. */
@Entity
@Table(name = "signing_request")
public class SigningRequest {
  private static final int MAX_STORED_BYTES = 400_000;

  @Id private UUID id;
  private String product;
  private String version;
  private String requester;

  @Column(name = "idempotency_key")
  private @Nullable String idempotencyKey;

  @Enumerated(EnumType.STRING)
  private RequestState state;

  private String spec;
  private @Nullable String document;
  private @Nullable String draft;
  private @Nullable String policy;
  private @Nullable String digest;
  private String reasons;
  private @Nullable String refusal;
  private int attempts;
  private @Nullable String manifest;
  private @Nullable String component;
  private Instant created;
  private Instant changed;
  @Version private long revision;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected SigningRequest() {}

  SigningRequest(
      UUID id,
      String product,
      String requester,
      @Nullable String idempotencyKey,
      RequestSpec spec,
      Instant now) {
    this.id = id;
    this.product = product;
    this.version = spec.version().toString();
    this.requester = requester;
    this.idempotencyKey = idempotencyKey;
    this.state = RequestState.RECEIVED;
    this.spec = text(spec.toJson());
    this.reasons = "[]";
    this.created = now;
    this.changed = now;
  }

  private void moveTo(RequestState next, Instant now) {
    if (!state.leadsTo(next)) {
      throw new IllegalStateException(
          "request " + id + " is " + state.code() + ": it can not become " + next.code());
    }
    state = next;
    changed = now;
  }

  void refuse(List<PolicyReason> all, Instant now) {
    moveTo(RequestState.REFUSED, now);
    reasons = text(PolicyReason.toJson(all));
  }

  void judged(RequestJudgement.Documented documented, Instant now) {
    moveTo(RequestState.JUDGED, now);
    policy = text(documented.policy().toJson());
    draft = text(documented.draft());
    document = text(documented.document().toJson());
    digest = documented.document().digest().hex();
  }

  void awaitApproval(Instant now) {
    moveTo(RequestState.AWAITING_APPROVAL, now);
  }

  void approve(Instant now) {
    moveTo(RequestState.APPROVED, now);
  }

  /** Begins another attempt. */
  void intend(Instant now) {
    moveTo(RequestState.INTENT_DURABLE, now);
    attempts++;
  }

  int attempts() {
    return attempts;
  }

  void signed(Digest manifestEnvelope, Optional<Digest> bootloaderComponent, Instant now) {
    moveTo(RequestState.SIGNED, now);
    manifest = manifestEnvelope.hex();
    component = bootloaderComponent.map(Digest::hex).orElse(null);
  }

  void accepted(Instant now) {
    moveTo(RequestState.ACCEPTED, now);
  }

  void ready(Instant now) {
    moveTo(RequestState.READY, now);
  }

  void fail(Json.Obj why, Instant now) {
    moveTo(RequestState.FAILED, now);
    refusal = text(why);
  }

  public UUID id() {
    return id;
  }

  public String product() {
    return product;
  }

  public String requester() {
    return requester;
  }

  public RequestState state() {
    return state;
  }

  /** Digest of the request document, once it was judged. */
  public Optional<Digest> digest() {
    return Optional.ofNullable(digest).map(Digest::new);
  }

  /** The request document as it is approved, in canonical form, once it was judged. */
  Optional<byte[]> document() {
    return Optional.ofNullable(document).map(d -> d.getBytes(StandardCharsets.UTF_8));
  }

  Optional<Json> documentJson() {
    return Optional.ofNullable(document).map(this::stored);
  }

  /** The answer to somebody who wanted a build and gets none. */
  SignerException refusedProblem() {
    if (state == RequestState.REFUSED) {
      return new SignerException(
          ProblemType.REFUSED,
          "request " + id + " is refused by policy",
          Map.of("reasons", stored(reasons)));
    }
    if (refusal == null) {
      throw new IllegalStateException("request " + id + " is " + state.code());
    }
    Json.Obj why = (Json.Obj) stored(refusal);
    String detail = why.members().get("detail") instanceof Json.Str text ? text.value() : "";
    return new SignerException(ProblemType.REFUSED, detail, Map.of("refusal", why));
  }

  RequestSpec spec() {
    try {
      return RequestSpec.read(
          JsonReader.readObject(spec.getBytes(StandardCharsets.UTF_8), MAX_STORED_BYTES));
    } catch (RejectedException e) {
      throw new IllegalStateException("request " + id + " is damaged in the database", e);
    }
  }

  /** Whether it asks for a manifest over this finished image. */
  boolean registers(Digest image) {
    RequestSpec own = spec();
    return own.finished() && own.payload().equals(image);
  }

  boolean asksFor(RequestSpec other) {
    return spec.equals(text(other.toJson()));
  }

  Instant created() {
    return created;
  }

  Optional<Digest> manifest() {
    return Optional.ofNullable(manifest).map(Digest::new);
  }

  Optional<Digest> component() {
    return Optional.ofNullable(component).map(Digest::new);
  }

  /** The policy that it was judged by; requests of releases before it was kept have none. */
  Optional<Json> policy() {
    return Optional.ofNullable(policy).map(this::stored);
  }

  /** Whether it was approved, in an emergency, that this rule is broken. */
  boolean waives(PolicyCode code) {
    return documentJson()
        .map(Json.Obj.class::cast)
        .map(document -> document.members().get("emergency"))
        .map(Json.Obj.class::cast)
        .map(emergency -> (Json.Arr) emergency.members().get("waived"))
        .filter(
            waived ->
                waived.items().stream()
                    .map(Json.Obj.class::cast)
                    .anyMatch(
                        reason -> new Json.Str(code.code()).equals(reason.members().get("code"))))
        .isPresent();
  }

  /** The manifest as far as it is known before its images are signed. */
  Optional<Json> draft() {
    return Optional.ofNullable(draft).map(this::stored);
  }

  /** As the HTTP API shows it. */
  Json.Obj toJson() {
    Json.Builder json =
        Json.object()
            .put("id", id.toString())
            .put("product", product)
            .put("version", version)
            .put("requester", requester)
            .put("state", state.code())
            .put("digest", digest)
            .put("attempts", attempts)
            .put("created", created)
            .put("changed", changed);
    if (state == RequestState.REFUSED) {
      json.put("reasons", stored(reasons));
    }
    if (refusal != null) {
      json.put("refusal", stored(refusal));
    }
    if (state == RequestState.READY) {
      json.put("build", version);
    }
    return json.build();
  }

  private Json stored(String text) {
    try {
      return JsonReader.read(text.getBytes(StandardCharsets.UTF_8), MAX_STORED_BYTES);
    } catch (RejectedException e) {
      throw new IllegalStateException("request " + id + " is damaged in the database", e);
    }
  }

  private static String text(Json json) {
    return new String(json.canonicalBytes(), StandardCharsets.UTF_8);
  }
}
