package dev.otasigner.keys;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;

/**
 * A key to be made or imported.
 *
 * @param name unique within the token, {@code [a-z0-9-]{1,32}}
 * @param suite the one suite the key signs with
 * @param purpose the one thing the key is for
 */
public record KeySpec(String name, SignatureSuite suite, KeyPurpose purpose) {
  public KeySpec {
    if (!Fields.isName(name)) {
      throw new IllegalArgumentException("a key's name is [a-z0-9-]{1,32}");
    }
  }
}
