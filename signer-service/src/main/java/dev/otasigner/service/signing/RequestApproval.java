package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.service.report.Ending;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One approver's word on a request, as it was handed in. Kept for good, used or not. */
@Entity
@Table(name = "request_approval")
class RequestApproval {
  @Id private String digest;

  private UUID request;

  private String approver;

  @Enumerated(EnumType.STRING)
  private Decision decision;

  @Column(name = "key_id")
  private String keyId;

  @Column(name = "not_after")
  private Instant notAfter;

  private @Nullable String reason;
  private String envelope;
  private Instant received;

  @Column(name = "taken_back")
  private @Nullable Instant takenBack;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected RequestApproval() {}

  RequestApproval(UUID request, Approval word, Digest signer, Bytes envelope, Instant now) {
    this.digest = Digest.of(envelope).hex();
    this.request = request;
    this.approver = word.approver();
    this.decision = word.decision();
    this.keyId = signer.hex();
    this.notAfter = word.notAfter();
    this.reason = word.reason().orElse(null);
    this.envelope = new String(envelope.toByteArray(), StandardCharsets.UTF_8);
    this.received = now;
  }

  /** The same envelope, or the same word in another one: its nonce makes a word the only one. */
  boolean isSame(Approval word, RequestApproval other) {
    return digest.equals(other.digest)
        || (approver.equals(word.approver())
            && nonceOf(envelope()).equals(Optional.of(word.nonce())));
  }

  private static Optional<Bytes> nonceOf(Bytes envelope) {
    try {
      Bytes payload = Envelope.read(envelope.toByteArray()).payloadOf(Approval.PAYLOAD_TYPE);
      return Optional.of(Approval.read(payload.toByteArray()).nonce());
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  void takeBack(Instant now) {
    takenBack = now;
  }

  /** A yes that was not taken back and has not lapsed. */
  boolean stands(Instant now) {
    return decision == Decision.APPROVE && takenBack == null && now.isBefore(notAfter);
  }

  /** When this word stops counting; told once a quarter of its time is left. */
  Ending lapse() {
    return Ending.usually(
        "approval by " + approver + " of request " + request,
        notAfter,
        Duration.between(received, notAfter).abs().dividedBy(4));
  }

  UUID request() {
    return request;
  }

  String approver() {
    return approver;
  }

  Bytes envelope() {
    return Bytes.copyOf(envelope.getBytes(StandardCharsets.UTF_8));
  }

  Json.Obj toJson() {
    return Json.object()
        .put("approver", approver)
        .put("decision", decision.code())
        .put("keyId", keyId)
        .put("notAfter", notAfter)
        .put("reason", reason)
        .put("received", received)
        .put("takenBack", takenBack)
        .put("digest", digest)
        .build();
  }
}
