package dev.otasigner.service.access;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * A random secret of 256 bits that is shown once and stored as its SHA-256: nothing that is as
 * random needs a slow hash, and looking it up by hash leaks no timing of the secret.
 *
 * @param text what its owner keeps
 */
public record Secret(String text) {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BYTES = 32;

  /** A new one; the prefix tells people and scanners what they found. */
  public static Secret generate(String prefix) {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return new Secret(prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /** How it is stored. */
  public Digest sha256() {
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Never the secret. */
  @Override
  public String toString() {
    return "secret";
  }
}
