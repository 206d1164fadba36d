package dev.otasigner.service.audit;

import dev.otasigner.verifier.crypto.VerificationKey;

/** The audit key: signs the texts of checkpoints and nothing else. */
public interface AuditSigner {
  /** An Ed25519 key. */
  VerificationKey key();

  byte[] sign(byte[] text);
}
