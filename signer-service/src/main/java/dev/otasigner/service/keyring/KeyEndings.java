package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * A key that signs stops where its worker's rule ends, and is no longer enough where its suite's.
 */
@Component
class KeyEndings implements EndingSource {
  private final Keyring keyring;

  KeyEndings(Keyring keyring) {
    this.keyring = keyring;
  }

  @Override
  public List<Ending> endings() {
    List<Ending> endings = new ArrayList<>();
    for (KeyEntry key : keyring.list()) {
      // One that is suspended ends just as well, and may be needed again.
      if (key.state() == KeyState.ACTIVE || key.state() == KeyState.SUSPENDED) {
        keyring
            .allowance(key)
            .map(Keyring.Allowance::rule)
            .flatMap(Rule::notAfter)
            .ifPresent(at -> endings.add(new Ending("key " + key.name(), at).taking(support(key))));
        key.suite()
            .disallowedAfter()
            .ifPresent(
                at ->
                    endings.add(
                        new Ending("suite " + key.suite().code() + " of key " + key.name(), at)
                            .taking(support(key))));
      }
    }
    return endings;
  }

  private static Support support(KeyEntry key) {
    return Support.key(
        key.product(), key.keyId().hex(), "bring the devices to a key that goes on signing");
  }
}
