package dev.otasigner.service.authority;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The keys that the service makes for itself when it first needs them. */
@Component
class ServiceKeys {
  private final Keyring keyring;

  ServiceKeys(Keyring keyring) {
    this.keyring = keyring;
  }

  /** The key of this name, active; made when there is none. */
  synchronized VerificationKey ensure(String name, KeyPurpose purpose, SignatureSuite suite) {
    Optional<KeyEntry> known = keyring.find(name);
    KeyEntry key = known.isPresent() ? known.get() : keyring.create(name, purpose, suite);
    if (key.purpose() != purpose || key.suite() != suite) {
      throw new SignerException(
          ProblemType.CONFLICT, "key " + name + " is the service's own name for another key");
    }
    if (key.state() == KeyState.PRE_ACTIVATION) {
      keyring.activate(key.keyId());
    }
    return key.key();
  }
}
