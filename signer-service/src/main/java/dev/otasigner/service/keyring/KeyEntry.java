package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.time.Instant;
import java.util.Optional;

/**
 * A key of the service, as it stood when it was looked up.
 *
 * @param token where the private half lies
 * @param key the public half with its suite
 * @param product the only product it serves, or empty for all
 * @param ruleEndOwed whether it was stopped while its worker was away, and the worker has still to
 *     be told
 * @param onceExtractable whether it lies in a hardware module and has not always been inside: a
 *     copy may exist
 */
public record KeyEntry(
    String name,
    TokenName token,
    KeyPurpose purpose,
    KeyState state,
    VerificationKey key,
    Optional<String> product,
    Instant created,
    boolean ruleEndOwed,
    boolean onceExtractable) {

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return key.keyId();
  }

  public SignatureSuite suite() {
    return key.suite();
  }

  /** SubjectPublicKeyInfo in DER. */
  public Bytes spki() {
    return key.spki();
  }

  public Anchor anchor() {
    return new Anchor(key);
  }
}
