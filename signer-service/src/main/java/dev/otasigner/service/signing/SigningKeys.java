package dev.otasigner.service.signing;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import java.util.List;
import java.util.Optional;

/** The keyring, as far as signing needs it. */
interface SigningKeys {

  /** The key of this name or identifier. */
  Optional<SigningKey> find(String nameOrId);

  /** How many approvals each use of the key needs, by the worker's own configuration. */
  int minApprovals(Digest keyId);

  /**
   * Returns only when the key's worker takes this envelope for an approver's word on the request.
   *
   * @throws dev.otasigner.service.problem.SignerException APPROVAL_MISSING with member {@code code}
   */
  void requireApproval(Digest keyId, Bytes document, Bytes approval);

  /**
   * The key's signature.
   *
   * @param document the request document in canonical form, whose digest the worker journals
   * @param approvals DSSE envelopes
   * @throws dev.otasigner.keys.KeyOperationException when the key can not be used
   */
  byte[] sign(Digest keyId, Bytes document, SigningInput input, List<Bytes> approvals);
}
