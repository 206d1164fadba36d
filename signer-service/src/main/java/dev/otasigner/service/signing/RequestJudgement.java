package dev.otasigner.service.signing;

import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a request comes to before any key is touched: refused, or a document to be approved. */
final class RequestJudgement {
  private final FleetFacts fleet;
  private final RequestPolicy policy;
  private final Assembly assembly;

  RequestJudgement(FleetFacts fleet, RequestPolicy policy, Assembly assembly) {
    this.fleet = fleet;
    this.policy = policy;
    this.assembly = assembly;
  }

  /**
   * A request that the policy lets in.
   *
   * @param draft of the manifest, which {@code document} names by its digest
   * @param policy that it was judged by, named likewise
   */
  record Documented(
      SigningPlan plan, RequestDocument document, Json.Obj draft, ProductPolicy policy) {}

  /**
   * The answer.
   *
   * @param reasons every one; empty when it is let in
   */
  record Answer(List<PolicyReason> reasons, Optional<Documented> documented) {
    Answer {
      reasons = List.copyOf(reasons);
    }
  }

  Answer judge(SigningRequest request, Instant now) throws IOException {
    return judge(request, List.of(), now);
  }

  /**
   * The same of a request that comes after others.
   *
   * @param supposed of the product, and taken for built
   */
  Answer judge(SigningRequest request, List<RequestSpec> supposed, Instant now) throws IOException {
    RequestSpec spec = request.spec();
    ProductPolicy judgedBy = fleet.policy(request.product());
    RequestPolicy.Verdict verdict =
        policy.judge(request.product(), request.requester(), spec, supposed, now);
    if (verdict.plan().isEmpty()) {
      return new Answer(verdict.reasons(), Optional.empty());
    }
    SigningPlan plan = verdict.plan().get();
    try {
      Json.Obj draft = draft(request, spec, plan);
      RequestDocument document =
          new RequestDocument(
              request.id(),
              request.requester(),
              request.product(),
              spec.hardware(),
              "build",
              plan.keyIds(),
              List.of(new RequestDocument.Payload(spec.payload(), plan.payloadBytes(), "payload")),
              Digest.of(draft.canonicalBytes()),
              assembly.toBeSigned(spec, plan),
              judgedBy.digest(),
              spec.emergency()
                  .map(reason -> new RequestDocument.Emergency(reason, verdict.waived())),
              request.created());
      return new Answer(List.of(), Optional.of(new Documented(plan, document, draft, judgedBy)));
    } catch (RejectedException e) {
      // The payload can not become such an image.
      return new Answer(
          List.of(new PolicyReason(PolicyCode.IMAGE_REFUSED, String.valueOf(e.getMessage()))),
          Optional.empty());
    }
  }

  private static Json.Obj draft(SigningRequest request, RequestSpec spec, SigningPlan plan) {
    Manifest draft = Assembly.draft(request.product(), spec, plan, request.created());
    try {
      return dev.otasigner.keys.approval.RequestDocument.draft(
          Bytes.copyOf(draft.toJson().canonicalBytes()));
    } catch (RejectedException e) {
      throw new IllegalStateException("a draft of our own is not read", e);
    }
  }
}
