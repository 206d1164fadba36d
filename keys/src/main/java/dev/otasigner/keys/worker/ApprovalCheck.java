package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether enough people who may approve have approved this very request. One approval that is bad
 * refuses the whole: nothing is skipped over.
 */
final class ApprovalCheck {
  private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

  private final List<Approver> approvers;
  private final Revocations revocations;
  private final Instant now;

  ApprovalCheck(List<Approver> approvers, Revocations revocations, Instant now) {
    this.approvers = approvers;
    this.revocations = revocations;
    this.now = now;
  }

  /**
   * Returns only when at least {@code min} different people approve.
   *
   * @throws Refused with the first reason not to
   */
  void require(int min, RequestDocument request, List<Bytes> envelopes) {
    Set<String> people = new HashSet<>();
    for (Bytes envelope : envelopes) {
      Approval approval = read(request, envelope);
      String person = approval.approver();
      if (approval.decision() == Approval.Decision.REVOKE) {
        throw new Refused(RefusalCode.REVOKED, person + " has revoked");
      }
      if (!people.add(Approver.folded(person))) {
        throw new Refused(RefusalCode.APPROVER_TWICE, person + " approves twice");
      }
    }
    if (people.size() < min) {
      throw new Refused(
          RefusalCode.APPROVALS_MISSING,
          "the key needs " + min + " approvals, and has " + people.size());
    }
  }

  /**
   * An approver's word on this request, a yes or one taken back, which holds now.
   *
   * @throws Refused when it is not
   */
  Approval read(RequestDocument request, Bytes bytes) {
    try {
      Envelope envelope = Envelope.read(bytes.toByteArray());
      Approver signer = signer(envelope);
      Bytes payload = envelope.payloadOf(Approval.PAYLOAD_TYPE);
      Approval approval = Approval.read(payload.toByteArray());
      requireBinding(request, approval, signer);
      revocations.requireStanding(
          Revocations.Word.of(signer.key().keyId(), payload), signer.person());
      return approval;
    } catch (RejectedException e) {
      throw invalid(e);
    }
  }

  private static Refused invalid(RejectedException e) {
    return new Refused(RefusalCode.APPROVAL_INVALID, "approval: " + e.getMessage());
  }

  /**
   * The record that takes back a yes, of whatever request; it has to be an approver's, so that
   * nobody fills the memory with what was never worth anything.
   *
   * @throws Refused APPROVAL_INVALID, APPROVER_UNKNOWN; APPROVAL_EXPIRED when nothing is left of it
   */
  JournalEntry.Revocation revocation(Bytes bytes) {
    try {
      Envelope envelope = Envelope.read(bytes.toByteArray());
      Approver signer = signer(envelope);
      Bytes payload = envelope.payloadOf(Approval.PAYLOAD_TYPE);
      Approval approval = Approval.read(payload.toByteArray());
      if (!approval.approver().equals(signer.person())
          || approval.decision() != Approval.Decision.APPROVE) {
        throw new Refused(RefusalCode.APPROVAL_INVALID, "only an approver's yes can be taken back");
      }
      requireNotLapsed(approval);
      return new JournalEntry.Revocation(
          0,
          JournalEntry.GENESIS,
          Digest.of(payload),
          signer.key().keyId(),
          approval.notAfter(),
          now);
    } catch (RejectedException e) {
      throw invalid(e);
    }
  }

  private Approver signer(Envelope envelope) throws RejectedException {
    if (envelope.signatures().size() != 1) {
      throw new Refused(
          RefusalCode.APPROVAL_INVALID, "an approval carries one signature, its approver's");
    }
    Digest keyId = envelope.signatures().get(0).keyId();
    for (Approver approver : approvers) {
      if (approver.key().keyId().equals(keyId)) {
        envelope.validSigners(List.of(approver.key()));
        return approver;
      }
    }
    throw new Refused(
        RefusalCode.APPROVER_UNKNOWN,
        "key " + keyId.abbreviated() + " is no approver's in the worker's configuration");
  }

  private void requireBinding(RequestDocument request, Approval approval, Approver signer) {
    if (!approval.approver().equals(signer.person())) {
      throw new Refused(
          RefusalCode.APPROVAL_INVALID, "signed with the key of somebody else than it names");
    }
    if (!approval.request().equals(request.digest())) {
      throw new Refused(RefusalCode.APPROVAL_OTHER_REQUEST, "an approval of another request");
    }
    if (!approval.policy().equals(request.policy())) {
      throw new Refused(RefusalCode.APPROVAL_OTHER_POLICY, "an approval under another policy");
    }
    if (!approval.requester().equals(request.requester())) {
      throw new Refused(
          RefusalCode.APPROVAL_OTHER_REQUEST, "an approval of somebody else's request");
    }
    if (signer.is(request.requester())) {
      throw new Refused(RefusalCode.SELF_APPROVAL, "the requester approves an own request");
    }
    requireNotLapsed(approval);
    if (approval.decision() == Approval.Decision.APPROVE) {
      requireBounded(request, approval);
    }
  }

  private void requireNotLapsed(Approval approval) {
    if (!now.isBefore(approval.notAfter())) {
      throw new Refused(
          RefusalCode.APPROVAL_EXPIRED, "the approval lapsed at " + approval.notAfter());
    }
  }

  /**
   * An approval that is found years later, beside the request that it is of, must be worth nothing.
   */
  private void requireBounded(RequestDocument request, Approval approval) {
    Instant created =
        request
            .created()
            .orElseThrow(
                () ->
                    new Refused(
                        RefusalCode.REQUEST_MISMATCH,
                        "the request's document does not say when it was made"));
    if (created.isAfter(now.plus(CLOCKS_DIFFER))) {
      throw new Refused(
          RefusalCode.REQUEST_MISMATCH, "the request says that it will be made at " + created);
    }
    if (approval.notAfter().isAfter(created.plus(Approval.LONGEST))) {
      throw new Refused(
          RefusalCode.APPROVAL_TOO_LONG,
          "the approval holds until "
              + approval.notAfter()
              + ", over "
              + Approval.LONGEST.toDays()
              + " days after the request was made");
    }
  }
}
