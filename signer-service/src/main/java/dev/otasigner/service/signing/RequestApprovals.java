package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.springframework.transaction.support.TransactionOperations;

/**
 * What approvers hand in. Each word is judged by the workers whose keys the request needs before it
 * is kept, so that a bad one never holds up the good ones; and once more by them when they sign,
 * which is the judgement that counts.
 */
final class RequestApprovals {
  /** Of an envelope; its reader is told before it decodes one. */
  static final int MAX_ENVELOPE_BYTES = 64 * 1024;

  /** As many as a worker takes with one use of a key. */
  private static final int MAX_WORDS = 64;

  private final FleetFacts fleet;
  private final RequestApprovalStore store;
  private final SigningKeys keys;
  private final TransactionOperations transactions;
  private final AuditLog audit;

  RequestApprovals(
      FleetFacts fleet,
      RequestApprovalStore store,
      SigningKeys keys,
      TransactionOperations transactions,
      AuditLog audit) {
    this.fleet = fleet;
    this.store = store;
    this.keys = keys;
    this.transactions = transactions;
    this.audit = audit;
  }

  /**
   * How many different people have to approve, by the strictest of the workers' rules and the
   * product's policy. A worker asks for one more in an emergency.
   */
  int needed(SigningRequest request) {
    int today = needed(request, fleet.policy(request.product()), keyIds(request));
    return Math.max(today, askedFor(request));
  }

  /** By the policy that people approved under: what waits is not let go by a looser one. */
  private int askedFor(SigningRequest request) {
    Optional<Json> kept = request.policy();
    if (kept.isEmpty()) {
      return 0;
    }
    try {
      ProductPolicy policy = ProductPolicy.read(new Fields((Json.Obj) kept.get(), "policy"));
      return needed(request, policy, keyIds(request));
    } catch (RejectedException e) {
      throw new IllegalStateException("request " + request.id() + " is damaged", e);
    }
  }

  /** The same before the request's document is stored. */
  int needed(SigningRequest request, ProductPolicy policy, List<Digest> keyIds) {
    boolean emergency = request.spec().emergency().isPresent();
    int byRules = keyIds.stream().mapToInt(keys::minApprovals).max().orElse(0);
    return emergency
        ? Math.max(byRules + 1, policy.emergencyApprovals())
        : Math.max(byRules, policy.approvals());
  }

  List<RequestApproval> of(UUID request) {
    return store.findByRequestOrderByReceived(request);
  }

  /** Those with which the request may be signed now, one of each person. */
  List<Bytes> standing(SigningRequest request, Instant now) {
    return of(request.id()).stream()
        .filter(word -> word.stands(now))
        .filter(word -> isTaken(request, word.envelope()))
        .map(RequestApproval::envelope)
        .toList();
  }

  /** Somebody may have been taken off the list of approvers since. */
  private boolean isTaken(SigningRequest request, Bytes envelope) {
    try {
      requireTaken(request, envelope);
      return true;
    } catch (SignerException e) {
      if (e.type() == ProblemType.APPROVAL_MISSING) {
        return false;
      }
      throw e;
    }
  }

  private void requireTaken(SigningRequest request, Bytes envelope) {
    Bytes document = Bytes.copyOf(request.document().orElseThrow());
    for (Digest keyId : keyIds(request)) {
      keys.requireApproval(keyId, document, envelope);
    }
  }

  /**
   * Takes in a word, durably.
   *
   * @throws SignerException CONFLICT when the request does not wait for any, or the person has
   *     approved already; APPROVAL_MISSING, with the worker's code, when it is worth nothing
   */
  void take(SigningRequest request, Bytes envelope, Instant now) {
    if (request.state() != RequestState.AWAITING_APPROVAL) {
      throw SignerException.conflict(
          "request " + request.id() + " is " + request.state().code() + ", and waits for nobody");
    }
    if (envelope.length() > MAX_ENVELOPE_BYTES) { // base64 is bounded to the next multiple of three
      throw new SignerException(
          ProblemType.BAD_REQUEST, "an approval of over " + MAX_ENVELOPE_BYTES + " bytes");
    }
    requireTaken(request, envelope);
    Envelope read;
    Approval word;
    try {
      read = Envelope.read(envelope.toByteArray());
      word = Approval.read(read.payloadOf(Approval.PAYLOAD_TYPE).toByteArray());
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    RequestApproval row =
        new RequestApproval(request.id(), word, read.signatures().get(0).keyId(), envelope, now);
    transactions.executeWithoutResult(status -> keep(request, word, row, now));
  }

  private void keep(SigningRequest request, Approval word, RequestApproval row, Instant now) {
    List<RequestApproval> all = of(request.id());
    if (all.stream().anyMatch(earlier -> earlier.isSame(word, row))) {
      // Whoever has the bytes could else give back a word that was taken back.
      throw SignerException.conflict("this word of " + word.approver() + " was handed in before");
    }
    List<RequestApproval> own =
        all.stream()
            .filter(earlier -> isSame(earlier.approver(), word.approver()) && earlier.stands(now))
            .toList();
    if (word.decision() == Decision.APPROVE && !own.isEmpty()) {
      throw SignerException.conflict(word.approver() + " has approved this request already");
    }
    if (word.decision() == Decision.REVOKE && own.isEmpty()) {
      throw SignerException.conflict(
          word.approver() + " has not approved this request, and has nothing to take back");
    }
    if (all.size() >= MAX_WORDS) {
      throw SignerException.conflict("request " + request.id() + " has too many words already");
    }
    own.forEach(
        earlier -> {
          tellWorkers(request, earlier.envelope());
          earlier.takeBack(now);
          store.save(earlier);
        });
    store.save(row);
    audit.record(
        "request." + word.decision().code(),
        "request:" + request.id(),
        Map.of(
            "approver", word.approver(),
            "approval", Digest.of(row.envelope()).hex(),
            "document", request.digest().orElseThrow().hex()));
  }

  /**
   * Has the workers refuse it from now on, whatever the database says later.
   *
   * @throws SignerException TOKEN_UNAVAILABLE when one of them is away
   */
  void tellWorkers(SigningRequest request, Bytes takenBack) {
    keyIds(request).forEach(keyId -> keys.revokeApproval(keyId, takenBack));
  }

  private static boolean isSame(String one, String other) {
    return one.strip().toLowerCase(Locale.ROOT).equals(other.strip().toLowerCase(Locale.ROOT));
  }

  private static List<Digest> keyIds(SigningRequest request) {
    try {
      byte[] document = request.document().orElseThrow();
      return dev.otasigner.keys.approval.RequestDocument.read(document).keyIds();
    } catch (RejectedException e) {
      throw new IllegalStateException("request " + request.id() + " is damaged", e);
    }
  }
}
