package dev.otasigner.service.authority;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.audit.AuditSigner;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import org.springframework.stereotype.Component;

/** The key that signs checkpoints of the audit log. */
@Component
class AuditKey implements AuditSigner {
  private static final String NAME = "audit-log";

  private final ServiceKeys keys;
  private final KeySignatures signatures;

  AuditKey(ServiceKeys keys, KeySignatures signatures) {
    this.keys = keys;
    this.signatures = signatures;
  }

  @Override
  public VerificationKey key() {
    return keys.ensure(NAME, KeyPurpose.AUDIT, SignatureSuite.ED25519);
  }

  @Override
  public byte[] sign(byte[] text) {
    return signatures.sign(key().keyId(), SigningInput.message(text));
  }
}
