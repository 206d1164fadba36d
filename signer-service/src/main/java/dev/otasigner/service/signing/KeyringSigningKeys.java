package dev.otasigner.service.signing;

import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.keyring.TakenBack;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.springframework.stereotype.Component;

/** The service's keyring. */
@Component
final class KeyringSigningKeys implements SigningKeys {
  private final Keyring keyring;
  private final TakenBack takenBack;
  private final KeySignatures signatures;

  KeyringSigningKeys(Keyring keyring, TakenBack takenBack, KeySignatures signatures) {
    this.keyring = keyring;
    this.takenBack = takenBack;
    this.signatures = signatures;
  }

  @Override
  public Optional<SigningKey> find(String nameOrId) {
    return keyring.find(nameOrId).map(KeyringSigningKeys::key);
  }

  private static SigningKey key(KeyEntry entry) {
    return new SigningKey(
        entry.name(), entry.anchor(), entry.purpose(), entry.state(), entry.product());
  }

  @Override
  public int minApprovals(Digest keyId) {
    return keyring.minApprovals(keyId);
  }

  @Override
  public void requireApproval(Digest keyId, Bytes document, Bytes approval) {
    keyring.requireApproval(keyId, document, approval);
  }

  @Override
  public void revokeApproval(Digest keyId, Bytes approval) {
    takenBack.tell(keyId, approval);
  }

  @Override
  public byte[] sign(
      Digest keyId,
      Bytes document,
      SigningInput input,
      List<Bytes> approvals,
      Consumer<KeyUse> uses) {
    return signatures.sign(keyId, document, input, approvals, uses);
  }

  @Override
  public void record(KeyUse use) {
    signatures.record(use);
  }
}
