package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.Anchor;
import java.util.Optional;

/**
 * A key of the keyring.
 *
 * @param product the only product it serves, or empty for all
 */
record SigningKey(
    String name, Anchor anchor, KeyPurpose purpose, KeyState state, Optional<String> product) {
  Digest keyId() {
    return anchor.keyId();
  }
}
