package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
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
      if (key.state() == KeyState.ACTIVE) {
        keyring
            .allowance(key)
            .map(Keyring.Allowance::rule)
            .flatMap(Rule::notAfter)
            .ifPresent(at -> endings.add(new Ending("key " + key.name(), at)));
        key.suite()
            .disallowedAfter()
            .ifPresent(
                at ->
                    endings.add(
                        new Ending("suite " + key.suite().code() + " of key " + key.name(), at)));
      }
    }
    return endings;
  }
}
