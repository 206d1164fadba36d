package dev.otasigner.service.signing;

import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

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
   * Returns once the key's worker has durably taken the approval back.
   *
   * @throws dev.otasigner.service.problem.SignerException TOKEN_UNAVAILABLE
   */
  void revokeApproval(Digest keyId, Bytes approval);

  /**
   * The key's signature.
   *
   * @param document the request document in canonical form, whose digest the worker journals
   * @param approvals DSSE envelopes
   * @param uses is told of the use, which belongs into the audit log
   * @throws dev.otasigner.service.problem.SignerException when the key can not be used
   */
  byte[] sign(
      Digest keyId,
      Bytes document,
      SigningInput input,
      List<Bytes> approvals,
      Consumer<KeyUse> uses);

  /** Puts a use into the audit log, in the transaction under way. */
  void record(KeyUse use);
}
