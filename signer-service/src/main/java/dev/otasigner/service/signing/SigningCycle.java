package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.Milestones;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.RequestJudgement.Documented;
import dev.otasigner.verifier.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataIntegrityViolationException;

/**
 * Takes requests from state to state; the steps are those of docs/explanation/signing-cycle.md.
 * Each ends durably before the next begins, so that a request which a crash has stopped goes on
 * where it was: nothing is judged by memory, and what was half signed is signed anew in another
 * attempt, while the first is recorded and never released.
 */
final class SigningCycle {
  private static final Logger log = LoggerFactory.getLogger(SigningCycle.class);

  /** A request that stops the service each time it is signed must not do so for ever. */
  private static final int MAX_ATTEMPTS = 5;

  private final RequestLedger ledger;
  private final RequestApprovals approvals;
  private final RequestPolicy policy;
  private final FleetFacts fleet;
  private final RequestJudgement requests;
  private final BuildAttempts attempts;
  private final Milestones milestones;
  private final Clock clock;
  private final Turns turns = new Turns();

  SigningCycle(
      RequestLedger ledger,
      RequestApprovals approvals,
      FleetFacts fleet,
      SigningKeys keys,
      Builds builds,
      PayloadStore payloads,
      Milestones milestones,
      Clock clock) {
    this.ledger = ledger;
    this.approvals = approvals;
    this.policy = new RequestPolicy(fleet, keys, builds, payloads);
    this.fleet = fleet;
    Assembly assembly = new Assembly(payloads, keys);
    this.requests = new RequestJudgement(fleet, policy, assembly);
    this.attempts =
        new BuildAttempts(
            ledger,
            approvals,
            keys,
            policy,
            assembly,
            builds,
            payloads,
            new PopulationJudgement(fleet),
            milestones,
            clock);
    this.milestones = milestones;
    this.clock = clock;
  }

  /**
   * Step 1: receives a request durably.
   *
   * @param idempotencyKey the same key with the same request gives the request of then
   * @throws SignerException CONFLICT when the key came with another request
   */
  SigningRequest receive(
      String product, String requester, @Nullable String idempotencyKey, RequestSpec spec) {
    return once(
        product,
        requester,
        idempotencyKey,
        spec,
        request -> {
          SigningRequest received = ledger.receive(request);
          milestones.passed("signing.received");
          return received;
        },
        known -> known);
  }

  /** Step 1 for several: all of them, or none. */
  List<SigningRequest> receiveAll(Supplier<List<SigningRequest>> all) {
    return ledger.atOnce(all);
  }

  /** Receives a request and takes it as far as it goes, which is durable with it, at once. */
  SigningRequest take(
      String product, String requester, @Nullable String idempotencyKey, RequestSpec spec) {
    return once(
        product,
        requester,
        idempotencyKey,
        spec,
        request -> alone(request.id(), () -> onwards(judge(request, true))),
        known -> advance(known.id()));
  }

  private SigningRequest once(
      String product,
      String requester,
      @Nullable String idempotencyKey,
      RequestSpec spec,
      UnaryOperator<SigningRequest> first,
      UnaryOperator<SigningRequest> again) {
    fleet.policy(product);
    Optional<SigningRequest> earlier = earlier(product, requester, idempotencyKey, spec);
    if (earlier.isEmpty()) {
      try {
        return first.apply(
            new SigningRequest(UUID.randomUUID(), product, requester, idempotencyKey, spec, now()));
      } catch (DataIntegrityViolationException raced) {
        // The key came twice at once; the database let one of them in: it is the request of both.
        earlier = earlier(product, requester, idempotencyKey, spec);
        if (earlier.isEmpty()) {
          throw raced;
        }
      }
    }
    return again.apply(earlier.get());
  }

  /**
   * The request that came with this key before.
   *
   * @throws SignerException CONFLICT when it was another one
   */
  Optional<SigningRequest> earlier(
      String product, String requester, @Nullable String idempotencyKey, RequestSpec spec) {
    Optional<SigningRequest> earlier =
        ledger.findByIdempotencyKey(product, requester, idempotencyKey);
    if (earlier.isPresent() && !earlier.get().asksFor(spec)) {
      throw SignerException.conflict(
          "idempotency key " + idempotencyKey + " came with another request before");
    }
    return earlier;
  }

  /**
   * Why step 2 would refuse this now, with nothing received; empty when it would not.
   *
   * @param supposed asked for before it, and taken for built
   */
  List<PolicyReason> foresee(
      String product, String requester, RequestSpec spec, List<RequestSpec> supposed) {
    fleet.policy(product);
    Instant now = now();
    SigningRequest foreseen =
        new SigningRequest(UUID.randomUUID(), product, requester, null, spec, now);
    try {
      return requests.judge(foreseen, supposed, now).reasons();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes a request as far as it goes now: to its end, or to where approvals are awaited. */
  SigningRequest advance(UUID id) {
    return alone(id, () -> asFarAsItGoes(id));
  }

  /** An approver's word on a request, with which it goes on if there are enough now. */
  SigningRequest approve(UUID id, Bytes envelope) {
    return alone(
        id,
        () -> {
          approvals.take(ledger.get(id), envelope, now());
          milestones.passed("signing.approval-stored");
          return asFarAsItGoes(id);
        });
  }

  /**
   * Ends a request that waits for approvals.
   *
   * @throws SignerException CONFLICT when it does not wait for any
   */
  SigningRequest reject(UUID id, String by, String reason) {
    return alone(
        id,
        () -> {
          SigningRequest request = ledger.get(id);
          if (request.state() != RequestState.AWAITING_APPROVAL) {
            throw SignerException.conflict(
                "request " + id + " is " + request.state().code() + ", and waits for nobody");
          }
          return attempts.fail(request, "rejected", by + ": " + reason);
        });
  }

  private SigningRequest alone(UUID id, Turns.Step step) {
    try {
      return turns.take(id, step);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SigningRequest asFarAsItGoes(UUID id) throws IOException {
    return onwards(ledger.get(id));
  }

  private SigningRequest onwards(SigningRequest stored) throws IOException {
    SigningRequest request = stored;
    boolean waited = false;
    while (!request.state().isFinal()) {
      if (request.state() == RequestState.AWAITING_APPROVAL) {
        if (waited) {
          break;
        }
        waited = true;
      }
      request = step(request);
    }
    return request;
  }

  /** Finishes what was interrupted. Trouble with one request is logged and holds up no other. */
  void resume() {
    for (UUID id : ledger.unfinished()) {
      try {
        advance(id);
      } catch (SignerException | UncheckedIOException e) {
        log.warn("request {} can not go on now: {}", id, e.getMessage());
      } catch (RuntimeException e) {
        log.error("request {} can not go on", id, e);
      }
    }
  }

  private SigningRequest step(SigningRequest request) throws IOException {
    return switch (request.state()) {
      case RECEIVED -> judge(request, false);
      case JUDGED, AWAITING_APPROVAL -> awaitApprovals(request);
      case APPROVED, INTENT_DURABLE -> sign(request);
      case SIGNED, ACCEPTED -> attempts.accept(request);
      case READY, REFUSED, FAILED -> request;
    };
  }

  /**
   * Step 2: the policy, before any key is touched, with every reason at once. What follows it
   * without anybody's word is durable with it, at once.
   *
   * @param unknown whether the request itself is not durable yet; it is when this ends, however
   */
  private SigningRequest judge(SigningRequest request, boolean unknown) throws IOException {
    Instant now = now();
    RequestJudgement.Answer answer;
    boolean unattended;
    try {
      answer = requests.judge(request, now);
      unattended =
          answer.documented().isPresent()
              && approvals.needed(
                      request,
                      answer.documented().get().policy(),
                      answer.documented().get().plan().keyIds())
                  == 0;
    } catch (IOException | RuntimeException e) {
      if (unknown) {
        ledger.receive(request);
      }
      throw e;
    }
    SigningRequest next =
        ledger.together(
            () -> {
              if (unknown) {
                ledger.receive(request);
              }
              return answered(request, answer, unattended, now);
            });
    if (unknown) {
      milestones.passed("signing.received");
    }
    milestones.passed("signing.judged");
    if (!unattended) {
      return next;
    }
    milestones.passed("signing.approved");
    milestones.passed("signing.intent-durable");
    return attempts.make(next, answer.documented().orElseThrow().plan(), now);
  }

  private SigningRequest answered(
      SigningRequest request, RequestJudgement.Answer answer, boolean unattended, Instant now) {
    if (answer.documented().isEmpty()) {
      return ledger.change(
          request.id(),
          r -> r.refuse(answer.reasons(), now),
          Map.of("reasons", Passed.codes(answer.reasons())));
    }
    Documented documented = answer.documented().get();
    SigningRequest judged =
        ledger.change(
            request.id(),
            r -> r.judged(documented, now),
            Passed.policy(documented.document(), documented.plan()));
    return unattended ? approveAndIntend(judged, now) : judged;
  }

  private SigningRequest approveAndIntend(SigningRequest request, Instant now) {
    ledger.change(request.id(), r -> r.approve(now));
    return intend(request, now);
  }

  private SigningRequest intend(SigningRequest request, Instant now) {
    return ledger.intend(
        request.id(), r -> r.intend(now), r -> new SigningAttempt(r.id(), r.attempts(), now));
  }

  /** Step 3: approvals, where the worker's configuration asks for any. */
  private SigningRequest awaitApprovals(SigningRequest request) {
    int needed = approvals.needed(request);
    if (needed > 0 && approvals.standing(request, now()).size() < needed) {
      if (request.created().plus(Approval.LONGEST).isBefore(now())) {
        return attempts.fail(
            request,
            "approvals-lapsed",
            "not approved within " + Approval.LONGEST.toDays() + " days, after which nobody can");
      }
      if (request.state() == RequestState.AWAITING_APPROVAL) {
        return request;
      }
      SigningRequest waiting = ledger.change(request.id(), r -> r.awaitApproval(now()));
      milestones.passed("signing.awaiting-approval");
      return waiting;
    }
    SigningRequest approved = ledger.change(request.id(), r -> r.approve(now()));
    milestones.passed("signing.approved");
    return approved;
  }

  /**
   * Steps 4 and 5: the intent is durable here before the first key is asked for, and once more in
   * the worker's own journal before each use; then images, component and manifest are signed.
   */
  private SigningRequest sign(SigningRequest request) throws IOException {
    long interrupted =
        ledger.attempts(request.id()).stream().filter(SigningAttempt::wasInterrupted).count();
    if (interrupted >= MAX_ATTEMPTS) {
      return attempts.fail(request, "attempts-exhausted", "signing was interrupted too often");
    }
    Instant begun = now();
    SigningRequest intended = intend(request, begun);
    milestones.passed("signing.intent-durable");
    RequestPolicy.Verdict verdict =
        policy.judge(request.product(), request.requester(), request.spec(), List.of(), begun);
    for (PolicyReason broken : verdict.waived()) {
      if (!intended.waives(broken.code())) {
        return attempts.fail(
            intended, broken.code().code(), broken.detail() + "; nobody approved of that");
      }
    }
    if (verdict.plan().isEmpty()) {
      // What was right when it was judged is so no longer: a key retired, a version taken.
      return attempts.fail(
          intended, verdict.reasons().get(0).code().code(), verdict.reasons().get(0).detail());
    }
    return attempts.make(intended, verdict.plan().get(), begun);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
