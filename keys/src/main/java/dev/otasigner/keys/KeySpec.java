package dev.otasigner.keys;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;

/**
 * A key to be made or imported.
 *
 * @param name unique within the token, {@code [a-z0-9-]{1,32}}
 * @param suite the one suite the key signs with
 * @param purpose the one thing the key is for
 * @param limits narrower than what the worker's configuration allows by itself
 */
public record KeySpec(String name, SignatureSuite suite, KeyPurpose purpose, Limits limits) {
  /** Without limits but the worker's own. */
  public KeySpec(String name, SignatureSuite suite, KeyPurpose purpose) {
    this(name, suite, purpose, Limits.NONE);
  }

  public KeySpec {
    if (!Fields.isName(name)) {
      throw new IllegalArgumentException("a key's name is [a-z0-9-]{1,32}");
    }
  }

  /** Whether the key has this suite and this purpose. */
  public boolean isFor(TokenKey key) {
    return key.suite() == suite && key.purpose() == purpose;
  }
}
