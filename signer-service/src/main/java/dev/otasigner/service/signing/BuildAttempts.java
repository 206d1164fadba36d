package dev.otasigner.service.signing;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Assembly.Made;
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

/**
 * Steps 5 to 7 of docs/explanation/signing-cycle.md: from a durable intent to a build that may be
 * fetched, or to the reason why there is none.
 */
final class BuildAttempts {
  private final RequestLedger ledger;
  private final RequestApprovals approvals;
  private final SigningKeys keys;
  private final RequestPolicy policy;
  private final Assembly assembly;
  private final Builds builds;
  private final PayloadStore payloads;
  private final PopulationJudgement judgement;
  private final Milestones milestones;
  private final Clock clock;

  BuildAttempts(
      RequestLedger ledger,
      RequestApprovals approvals,
      SigningKeys keys,
      RequestPolicy policy,
      Assembly assembly,
      Builds builds,
      PayloadStore payloads,
      PopulationJudgement judgement,
      Milestones milestones,
      Clock clock) {
    this.ledger = ledger;
    this.approvals = approvals;
    this.keys = keys;
    this.policy = policy;
    this.assembly = assembly;
    this.builds = builds;
    this.payloads = payloads;
    this.judgement = judgement;
    this.milestones = milestones;
    this.clock = clock;
  }

  /** What was signed is durable with the uses of keys, and with what the device's code says. */
  SigningRequest make(SigningRequest intended, SigningPlan plan, Instant begun) throws IOException {
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
  SigningRequest accept(SigningRequest request) throws IOException {
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

  /** Ends a request that comes to no build. */
  SigningRequest fail(SigningRequest request, String code, String detail) {
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
