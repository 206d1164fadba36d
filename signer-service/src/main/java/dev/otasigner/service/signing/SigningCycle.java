package dev.otasigner.service.signing;

import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.Milestones;
import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Assembly.Made;
import dev.otasigner.service.signing.RequestJudgement.Documented;
import dev.otasigner.service.signing.SigningAttempt.Outcome;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
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
  private final SigningKeys keys;
  private final RequestPolicy policy;
  private final FleetFacts fleet;
  private final Assembly assembly;
  private final RequestJudgement requests;
  private final Builds builds;
  private final PayloadStore payloads;
  private final PopulationJudgement judgement;
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
    this.keys = keys;
    this.policy = new RequestPolicy(fleet, keys, builds, payloads);
    this.fleet = fleet;
    this.assembly = new Assembly(payloads, keys);
    this.requests = new RequestJudgement(fleet, policy, assembly);
    this.builds = builds;
    this.payloads = payloads;
    this.judgement = new PopulationJudgement(fleet);
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
    fleet.policy(product);
    Optional<SigningRequest> earlier = earlier(product, requester, idempotencyKey, spec);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    SigningRequest request;
    try {
      request =
          ledger.receive(
              new SigningRequest(
                  UUID.randomUUID(), product, requester, idempotencyKey, spec, now()));
    } catch (DataIntegrityViolationException raced) {
      // The key came twice at once; the database let one of them in, and it is the request of both.
      return earlier(product, requester, idempotencyKey, spec).orElseThrow(() -> raced);
    }
    milestones.passed("signing.received");
    return request;
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

  /** Why step 2 would refuse this now, with nothing received; empty when it would not. */
  List<PolicyReason> foresee(String product, String requester, RequestSpec spec) {
    fleet.policy(product);
    Instant now = now();
    SigningRequest supposed =
        new SigningRequest(UUID.randomUUID(), product, requester, null, spec, now);
    try {
      return requests.judge(supposed, now).reasons();
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
          return fail(request, "rejected", by + ": " + reason);
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
    SigningRequest request = ledger.get(id);
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
      case RECEIVED -> judge(request);
      case JUDGED, AWAITING_APPROVAL -> awaitApprovals(request);
      case APPROVED, INTENT_DURABLE -> sign(request);
      case SIGNED, ACCEPTED -> accept(request);
      case READY, REFUSED, FAILED -> request;
    };
  }

  /**
   * Step 2: the policy, before any key is touched, with every reason at once. What follows it
   * without anybody's word is durable with it, at once.
   */
  private SigningRequest judge(SigningRequest request) throws IOException {
    Instant now = now();
    RequestJudgement.Answer answer = requests.judge(request, now);
    if (answer.documented().isEmpty()) {
      SigningRequest refused =
          ledger.change(
              request.id(),
              r -> r.refuse(answer.reasons(), now),
              Map.of("reasons", Passed.codes(answer.reasons())));
      milestones.passed("signing.judged");
      return refused;
    }
    Documented documented = answer.documented().get();
    boolean unattended =
        approvals.needed(request, documented.policy(), documented.plan().keyIds()) == 0;
    SigningRequest next =
        ledger.together(
            () -> {
              SigningRequest judged =
                  ledger.change(
                      request.id(),
                      r -> r.judged(documented, now),
                      Passed.policy(documented.document(), documented.plan()));
              return unattended ? approveAndIntend(judged, now) : judged;
            });
    milestones.passed("signing.judged");
    if (!unattended) {
      return next;
    }
    milestones.passed("signing.approved");
    milestones.passed("signing.intent-durable");
    return make(next, documented.plan(), now);
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
        return fail(
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
      return fail(request, "attempts-exhausted", "signing was interrupted too often");
    }
    Instant begun = now();
    SigningRequest intended = intend(request, begun);
    milestones.passed("signing.intent-durable");
    RequestPolicy.Verdict verdict =
        policy.judge(request.product(), request.requester(), request.spec(), begun);
    for (PolicyReason broken : verdict.waived()) {
      if (!intended.waives(broken.code())) {
        return fail(intended, broken.code().code(), broken.detail() + "; nobody approved of that");
      }
    }
    if (verdict.plan().isEmpty()) {
      // What was right when it was judged is so no longer: a key retired, a version taken.
      return fail(
          intended, verdict.reasons().get(0).code().code(), verdict.reasons().get(0).detail());
    }
    return make(intended, verdict.plan().get(), begun);
  }

  /** What was signed is durable with the uses of keys, and with what the device's code says. */
  private SigningRequest make(SigningRequest intended, SigningPlan plan, Instant begun)
      throws IOException {
    Bytes document = Bytes.copyOf(intended.document().orElseThrow());
    List<KeyUse> uses = new ArrayList<>();
    Made made;
    try {
      made =
          assembly.make(
              intended.product(),
              intended.spec(),
              plan,
              new Assembly.Mandate(document, approvals.standing(intended, begun), uses::add),
              intended.created());
    } catch (RejectedException e) {
      return failed(intended, RefusalJson.of(e), e.reason().code(), uses);
    } catch (SignerException e) {
      return unsigned(intended, e, uses);
    } catch (IOException | UncheckedIOException e) {
      // A disk in trouble is no fault of the request's: it is tried again for as long as it takes.
      stopped(intended, uses, Outcome.FAILED);
      throw e;
    } catch (RuntimeException e) {
      stopped(intended, uses, Outcome.INTERRUPTED);
      throw e;
    }
    milestones.passed("signing.stored");
    Judged judged = judged(intended, made.manifest(), made.component());
    SigningRequest released =
        ledger.together(
            () -> {
              uses.forEach(keys::record);
              return conclude(
                  ledger.close(
                      intended.id(),
                      Outcome.SIGNED,
                      r -> r.signed(made.manifest(), made.component(), now()),
                      Passed.made(made.manifest(), made.variants())),
                  judged);
            });
    milestones.passed("signing.signed");
    return told(released, judged);
  }

  private void stopped(SigningRequest request, List<KeyUse> uses, Outcome outcome) {
    ledger.together(
        () -> {
          uses.forEach(keys::record);
          ledger.closeAttempt(request.id(), outcome);
          return request;
        });
  }

  /** The token said no, or nothing. */
  private SigningRequest unsigned(SigningRequest request, SignerException e, List<KeyUse> uses) {
    if (e.type() == ProblemType.APPROVAL_MISSING) {
      return ledger.together(
          () -> {
            uses.forEach(keys::record);
            return ledger.close(
                request.id(), Outcome.FAILED, r -> r.awaitApproval(now()), Map.of());
          });
    }
    if (e.type() == ProblemType.TOKEN_UNAVAILABLE) {
      stopped(request, uses, Outcome.FAILED);
      throw e;
    }
    return failed(request, RefusalJson.of(e.type().code(), e.detail()), e.type().code(), uses);
  }

  /**
   * What the device's own code says of a finished build: one of the two.
   *
   * @param accepted its manifest
   */
  private record Judged(Optional<Manifest> accepted, Optional<RejectedException> refusal) {}

  /** Step 6: the device's own code judges the finished build for every state devices are in. */
  private Judged judged(SigningRequest request, Digest manifest, Optional<Digest> component)
      throws IOException {
    try {
      BuildFiles build = builds.files(payloads.read(manifest), component);
      judgement.requireTakeable(request.product(), build);
      return new Judged(Optional.of(build.manifest()), Optional.empty());
    } catch (RejectedException e) {
      return new Judged(Optional.empty(), Optional.of(e));
    }
  }

  /** A request that a release before has left between two steps. */
  private SigningRequest accept(SigningRequest request) throws IOException {
    Judged judged = judged(request, request.manifest().orElseThrow(), request.component());
    return told(ledger.together(() -> conclude(request, judged)), judged);
  }

  private SigningRequest conclude(SigningRequest signed, Judged judged) {
    if (judged.accepted().isEmpty()) {
      RejectedException refusal = judged.refusal().orElseThrow();
      return closed(signed, RefusalJson.of(refusal), refusal.reason().code());
    }
    SigningRequest accepted =
        signed.state() == RequestState.SIGNED
            ? ledger.change(signed.id(), r -> r.accepted(now()), Passed.judgement())
            : signed;
    return release(accepted, judged.accepted().get());
  }

  private SigningRequest told(SigningRequest released, Judged judged) {
    if (judged.refusal().isEmpty()) {
      milestones.passed("signing.accepted");
    }
    if (released.state() == RequestState.READY) {
      milestones.passed("signing.ready");
    } else {
      milestones.passed("signing.failed");
    }
    return released;
  }

  /** Step 7: the build may be fetched, unless another one came in between. */
  private SigningRequest release(SigningRequest request, Manifest manifest) {
    RequestSpec spec = request.spec();
    if (builds.find(request.product(), spec.version()).isPresent()) {
      String code = PolicyCode.VERSION_TAKEN.code();
      String detail = "another request made build " + spec.version() + " meanwhile";
      return closed(request, RefusalJson.of(code, detail), code);
    }
    Optional<PolicyReason> overtaken = policy.overtaken(request.product(), manifest);
    if (overtaken.isPresent()) {
      String code = overtaken.get().code().code();
      return closed(request, RefusalJson.of(code, overtaken.get().detail()), code);
    }
    Build build =
        new Build(
            request.product(),
            spec.version(),
            request.manifest().orElseThrow(),
            request.component(),
            request.id(),
            request.requester(),
            now());
    return ledger.release(request.id(), build, manifest, r -> r.ready(now()));
  }

  private SigningRequest fail(SigningRequest request, String code, String detail) {
    return failed(request, RefusalJson.of(code, detail), code, List.of());
  }

  private SigningRequest failed(
      SigningRequest request, Json.Obj refusal, String code, List<KeyUse> uses) {
    SigningRequest failed =
        ledger.together(
            () -> {
              uses.forEach(keys::record);
              return closed(request, refusal, code);
            });
    milestones.passed("signing.failed");
    return failed;
  }

  private SigningRequest closed(SigningRequest request, Json.Obj refusal, String code) {
    return ledger.close(
        request.id(), Outcome.FAILED, r -> r.fail(refusal, now()), Map.of("reason", code));
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
