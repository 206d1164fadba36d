package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.testing.TestKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A keyring in memory that remembers what it was asked for. */
final class TestSigningKeys implements SigningKeys {
  private final Map<String, SigningKey> keys = new LinkedHashMap<>();
  private final Map<Digest, TestKey> secrets = new LinkedHashMap<>();
  final List<String> uses = new ArrayList<>();
  final List<String> recorded = new ArrayList<>();
  String refusing = "";
  Before beforeSigning = () -> {};

  /** What happens while a key is about to sign. */
  interface Before {
    void run() throws Exception;
  }

  boolean unavailable;
  boolean takesEveryApproval;
  int minApprovals;

  void add(String name, KeyPurpose purpose, KeyState state, TestKey key) {
    keys.put(name, new SigningKey(name, key.anchor(), purpose, state, Optional.empty()));
    secrets.put(key.keyId(), key);
  }

  @Override
  public Optional<SigningKey> find(String nameOrId) {
    return Optional.ofNullable(keys.get(nameOrId))
        .or(() -> keys.values().stream().filter(k -> k.keyId().hex().equals(nameOrId)).findFirst());
  }

  @Override
  public int minApprovals(Digest keyId) {
    return minApprovals;
  }

  @Override
  public void requireApproval(Digest keyId, Bytes document, Bytes approval) {
    if (!takesEveryApproval) {
      throw new UnsupportedOperationException("nobody approves here");
    }
  }

  @Override
  public void revokeApproval(Digest keyId, Bytes approval) {
    throw new UnsupportedOperationException("nobody approves here");
  }

  @Override
  public void record(KeyUse use) {
    recorded.add(use.name());
  }

  @Override
  public byte[] sign(
      Digest keyId,
      Bytes document,
      SigningInput input,
      List<Bytes> approvals,
      Consumer<KeyUse> told) {
    if (unavailable) {
      throw new SignerException(ProblemType.TOKEN_UNAVAILABLE, "the token does not answer");
    }
    SigningKey key = find(keyId.hex()).orElseThrow();
    if (key.state() != KeyState.ACTIVE) {
      throw new SignerException(ProblemType.KEY_NOT_USABLE, "key is " + key.state().code());
    }
    if (key.name().equals(refusing)) {
      throw new SignerException(ProblemType.KEY_NOT_USABLE, "the key is used up");
    }
    try {
      beforeSigning.run();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    uses.add(key.name());
    TestKey secret = secrets.get(keyId);
    if (secret == null) {
      throw new IllegalStateException("no key " + keyId);
    }
    byte[] signature = secret.sign(input);
    told.accept(
        new KeyUse(key.name(), keyId, key.purpose(), Digest.of(document), Digest.of(signature)));
    return signature;
  }
}
