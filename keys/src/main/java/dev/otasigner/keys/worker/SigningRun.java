package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One call of the worker, from checks to outcomes, under one configuration and one instant. */
final class SigningRun {
  private final WorkerConfiguration configuration;
  private final Token token;
  private final Usage usage;
  private final Revocations revocations;
  private final Journal journal;
  private final Instant now;
  private final Set<Usage.Attempt> claimed = new HashSet<>();

  /** A request that passed all checks. */
  private record Task(
      WorkerRequest request,
      Rule rule,
      VerificationKey key,
      SigningInput input,
      Usage.Attempt attempt,
      Optional<Usage.Stored> stored) {}

  SigningRun(
      WorkerConfiguration configuration,
      Token token,
      Usage usage,
      Revocations revocations,
      Journal journal,
      Instant now) {
    this.configuration = configuration;
    this.token = token;
    this.usage = usage;
    this.revocations = revocations;
    this.journal = journal;
    this.now = now;
  }

  List<Bytes> sign(List<WorkerRequest> requests) {
    try {
      return run(requests);
    } finally {
      usage.release(claimed);
    }
  }

  private List<Bytes> run(List<WorkerRequest> requests) {
    // 1. every check of every request, before any key is touched
    List<Task> tasks = new ArrayList<>();
    for (WorkerRequest request : requests) {
      tasks.add(judge(request));
    }
    // 2. intents durable
    List<Task> fresh = tasks.stream().filter(t -> t.stored().isEmpty()).toList();
    List<Long> seqs = intend(fresh);
    // 3. the token signs, and each signature is verified
    List<Bytes> made = make(fresh, seqs);
    // 4. outcomes durable; then the signatures leave
    return release(tasks, made, seqs);
  }

  private Task judge(WorkerRequest request) {
    Rule rule = configuration.require(request.keyId());
    rule.requireInForce(now);
    usage.requireInService(request.keyId());
    VerificationKey key = token.publicKey(request.keyId());
    requirePurpose(rule, key);
    requireNotToBeApproved(rule, request);
    SigningInput input = ContentRule.judge(rule.purpose(), key, request.input());
    boolean filledIn = needsApprovals(rule, request) && isApprovedDraft(rule, request, input);
    Usage.Attempt attempt =
        new Usage.Attempt(request.request(), request.keyId(), Digest.of(input.bytes()));
    Optional<Usage.Stored> stored = rule.purpose().isGuarded() ? claim(attempt) : Optional.empty();
    if (filledIn && stored.isEmpty()) {
      usage.requireOnly(attempt);
    }
    if (rule.purpose().isGuarded() && stored.isEmpty()) {
      requireNotSignedBefore(rule, request);
    }
    return new Task(request, rule, key, input, attempt, stored);
  }

  private static boolean needsApprovals(Rule rule, WorkerRequest request) {
    return rule.minApprovals() > 0
        || !request.approvals().isEmpty()
        || (rule.purpose().isGuarded()
            && request.document().isPresent()
            && document(request.document().get()).emergency());
  }

  /** Elsewhere, or in a memory that was lost. */
  private void requireNotSignedBefore(Rule rule, WorkerRequest request) {
    usage.restored().ifPresent(at -> Restored.requireSince(at, request, Restored.refusal(at)));
    rule.moved().ifPresent(moved -> Restored.requireSince(moved.at(), request, moved.refusal()));
  }

  private Optional<Usage.Stored> claim(Usage.Attempt attempt) {
    if (claimed.contains(attempt)) {
      throw new Refused(
          RefusalCode.REQUEST_TWICE,
          "one call asks twice for one signature of key " + attempt.keyId().abbreviated());
    }
    Optional<Usage.Stored> stored = usage.claim(attempt);
    claimed.add(attempt);
    return stored;
  }

  /** The purpose under which the token sealed the key, where the token tells. */
  private void requirePurpose(Rule rule, VerificationKey key) {
    if (token instanceof Token.Listing listing) {
      Optional<KeyPurpose> made = listing.purposeOf(key.keyId());
      if (made.isPresent() && made.get() != rule.purpose()) {
        throw new Refused(
            RefusalCode.PURPOSE_MISMATCH,
            "key "
                + key.keyId().abbreviated()
                + " was made for "
                + made.get().code()
                + ", and the rule says "
                + rule.purpose().code());
      }
    }
  }

  /** Nobody can look at what a bare digest is of, and so nobody can approve it. */
  private static void requireNotToBeApproved(Rule rule, WorkerRequest request) {
    if (rule.purpose() == KeyPurpose.BARE_DIGEST
        && (rule.minApprovals() > 0 || !request.approvals().isEmpty())) {
      throw new Refused(
          RefusalCode.APPROVALS_MISSING,
          "a bare digest can not be approved: nobody can look at what it is of");
    }
  }

  /**
   * Whether it is approved as a draft, which is filled in now, rather than byte for byte.
   *
   * @throws Refused when it is not approved
   */
  private boolean isApprovedDraft(Rule rule, WorkerRequest request, SigningInput input) {
    Bytes canonical =
        request
            .document()
            .orElseThrow(
                () ->
                    new Refused(
                        RefusalCode.APPROVALS_MISSING,
                        "the key needs approvals, and they are read beside the request's document"));
    RequestDocument document = document(canonical);
    boolean filledIn = isBoundAsDraft(rule, request, document, input);
    new ApprovalCheck(configuration.approvers(), revocations, now)
        .require(
            rule.minApprovals() + (document.emergency() ? 1 : 0), document, request.approvals());
    return filledIn;
  }

  static RequestDocument document(Bytes canonical) {
    try {
      return RequestDocument.read(canonical.toByteArray());
    } catch (RejectedException e) {
      throw new Refused(RefusalCode.REQUEST_MISMATCH, "request document: " + e.getMessage());
    }
  }

  /** What was approved is this use: this key, over these bytes. */
  private static boolean isBoundAsDraft(
      Rule rule, WorkerRequest request, RequestDocument document, SigningInput input) {
    if (!document.digest().equals(request.request())) {
      throw mismatch("the document's digest is not the request's");
    }
    if (!document.keyIds().contains(request.keyId())) {
      throw mismatch("the request does not name key " + request.keyId().abbreviated());
    }
    boolean named = document.toBeSigned().contains(Digest.of(request.input().bytes()));
    if (!named && !(rule.purpose() == KeyPurpose.MANIFEST && isDraft(document, input))) {
      throw mismatch("the request does not name what is to be signed");
    }
    return !named;
  }

  private static boolean isDraft(RequestDocument document, SigningInput input) {
    Bytes manifest = ContentRule.manifestPayload(input.bytes().toByteArray());
    try {
      return document.isDraftOf(manifest);
    } catch (RejectedException e) {
      throw mismatch("manifest: " + e.getMessage());
    }
  }

  private static Refused mismatch(String message) {
    return new Refused(RefusalCode.REQUEST_MISMATCH, message);
  }

  private List<Long> intend(List<Task> tasks) {
    if (tasks.isEmpty()) {
      return List.of();
    }
    List<Digest> reserved = new ArrayList<>();
    try {
      List<Intent> intents = new ArrayList<>();
      for (Task task : tasks) {
        usage.reserve(task.rule(), now);
        reserved.add(task.rule().keyId());
        intents.add(intent(task));
      }
      return journal.append(intents);
    } finally {
      reserved.forEach(usage::settle);
    }
  }

  private Intent intent(Task task) {
    return new Intent(
        0,
        JournalEntry.GENESIS,
        task.request().request(),
        task.key().keyId(),
        task.attempt().toBeSigned(),
        task.request().approvals().stream().map(Digest::of).toList(),
        now);
  }

  private List<Bytes> make(List<Task> tasks, List<Long> seqs) {
    List<Bytes> signatures = new ArrayList<>();
    try {
      for (Task task : tasks) {
        journal.requireActive(); // right before the token: what went before may have taken long
        byte[] signature = token.sign(task.key().keyId(), task.input());
        verify(task, signature);
        signatures.add(Bytes.copyOf(signature));
      }
      return signatures;
    } catch (RuntimeException e) {
      if (e instanceof WrongSignature) {
        // At once, for the journal may not take it.
        usage.takeOutOfService(tasks.get(signatures.size()).key().keyId());
      }
      try {
        fail(seqs, signatures.size(), e instanceof WrongSignature);
      } catch (RuntimeException unrecorded) {
        e.addSuppressed(unrecorded);
      }
      throw e;
    }
  }

  private static void verify(Task task, byte[] signature) {
    try {
      byte[] bytes = task.input().bytes().toByteArray();
      if (task.input() instanceof SigningInput.Hash) {
        task.key().verifyHash(bytes, signature);
      } else {
        task.key().verify(bytes, signature);
      }
    } catch (RejectedException e) {
      throw new WrongSignature(task.key().keyId());
    }
  }

  /** All or none: what was signed before the failure is recorded as failed too. */
  private void fail(List<Long> seqs, int failedAt, boolean wrong) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < seqs.size(); i++) {
      String reason = i != failedAt ? "another-failed" : wrong ? Usage.WRONG_SIGNATURE : "token";
      outcomes.add(
          new Outcome(
              seqs.get(i),
              JournalEntry.GENESIS,
              Result.FAILED,
              Optional.empty(),
              Optional.empty(),
              Optional.of(reason)));
    }
    if (wrong) {
      journal.recordWrong(outcomes);
    } else {
      journal.append(outcomes);
    }
  }

  private List<Bytes> release(List<Task> tasks, List<Bytes> made, List<Long> seqs) {
    List<Bytes> signatures = new ArrayList<>();
    List<Outcome> outcomes = new ArrayList<>();
    int next = 0;
    for (Task task : tasks) {
      if (task.stored().isPresent()) {
        Usage.Stored stored = task.stored().get();
        signatures.add(stored.signature());
        outcomes.add(outcome(stored.seq(), Result.RELEASED, stored.signature(), false));
      } else {
        Bytes signature = made.get(next);
        signatures.add(signature);
        outcomes.add(
            outcome(seqs.get(next), Result.SIGNED, signature, task.rule().purpose().isGuarded()));
        next++;
      }
    }
    journal.append(outcomes);
    return List.copyOf(signatures);
  }

  private static Outcome outcome(long seq, Result result, Bytes signature, boolean keep) {
    return new Outcome(
        seq,
        JournalEntry.GENESIS,
        result,
        Optional.of(Digest.of(signature)),
        keep ? Optional.of(signature) : Optional.empty(),
        Optional.empty());
  }
}
