package dev.otasigner.service.rotation;

import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import org.springframework.stereotype.Component;

/** Reads changes that name keys and listeners which are there. */
@Component
class Changes {
  private final Keyring keyring;
  private final Listeners listeners;

  Changes(Keyring keyring, Listeners listeners) {
    this.keyring = keyring;
    this.listeners = listeners;
  }

  /**
   * Reads a change as docs/reference/http-api.md describes it.
   *
   * @throws SignerException NOT_FOUND for a key or listener that is not there
   */
  Change read(String product, Fields fields) throws RejectedException {
    Change change = Change.read(product, fields, this::key);
    change.tls().listeners().forEach(this::requireOpen);
    return change;
  }

  private KeyEntry key(String key) {
    return keyring.find(key).orElseThrow(() -> SignerException.notFound("key '" + key + "'"));
  }

  private void requireOpen(String name) {
    if (listeners.list().stream().noneMatch(l -> l.name().equals(name))) {
      throw SignerException.notFound("listener " + name);
    }
  }
}
