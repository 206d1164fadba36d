package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;

/** A key in an open token, whatever is said of it there. */
public final class ModuleKey {
  private final Sessions sessions;
  private final SuiteMechanism mechanism;
  private final Adoptee key;

  ModuleKey(Sessions sessions, SuiteMechanism mechanism, Adoptee key) {
    this.sessions = sessions;
    this.mechanism = mechanism;
    this.key = key;
  }

  public VerificationKey publicKey() {
    return key.publicKey();
  }

  /**
   * The key's signature in the encoding of its suite.
   *
   * @throws NotSupported when the token has not the mechanism, or the input is a hash that the
   *     suite does not sign
   */
  public byte[] sign(SigningInput input) {
    try {
      return sessions.use(
          objects -> {
            mechanism.requireSigning(objects.module(), sessions.token().slot());
            return mechanism.sign(objects, key.handle(), input);
          });
    } catch (CryptokiException e) {
      throw new TokenUnavailable("the module did not sign: " + e.getMessage(), e);
    }
  }
}
