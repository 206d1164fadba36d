package dev.otasigner.keys.worker;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import java.util.List;
import java.util.Optional;

/**
 * One signature that is asked of the worker.
 *
 * @param request digest of the canonical request document: what approvers approve. For what is
 *     signed unattended, the digest of the bytes to be signed
 * @param document the request document itself; needed when the key's rule asks for approvals
 * @param input a TUF role is always given as its canonical JSON, for every suite: the worker makes
 *     the tagged hash that ML-DSA signs in TUF
 * @param approvals DSSE envelopes
 */
public record WorkerRequest(
    Digest request,
    Optional<Bytes> document,
    Digest keyId,
    SigningInput input,
    List<Bytes> approvals) {
  /** More approvers than any rule asks for. */
  public static final int MAX_APPROVALS = 16;

  public WorkerRequest {
    if (approvals.size() > MAX_APPROVALS) {
      throw new IllegalArgumentException("more than " + MAX_APPROVALS + " approvals");
    }
    approvals = List.copyOf(approvals);
  }

  /** A request that no approval goes with. */
  public static WorkerRequest unattended(Digest request, Digest keyId, SigningInput input) {
    return new WorkerRequest(request, Optional.empty(), keyId, input, List.of());
  }
}
