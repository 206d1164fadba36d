package dev.otasigner.service.listeners;

import java.security.AlgorithmConstraints;
import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.security.Key;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Restricts one TLS engine to the groups of its policy. JSSE has no other way to say so per engine
 * before JDK 20: it asks an engine's constraints about each group by name.
 */
final class GroupConstraints implements AlgorithmConstraints {
  private static final Set<String> ALL =
      Set.of(
          "x25519",
          "x448",
          "secp256r1",
          "secp384r1",
          "secp521r1",
          "ffdhe2048",
          "ffdhe3072",
          "ffdhe4096",
          "ffdhe6144",
          "ffdhe8192",
          "x25519mlkem768",
          "secp256r1mlkem768",
          "secp384r1mlkem1024");

  private final List<String> allowed;

  GroupConstraints(List<String> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  @Override
  public boolean permits(
      Set<CryptoPrimitive> primitives, String algorithm, @Nullable AlgorithmParameters parameters) {
    String name = algorithm.toLowerCase(Locale.ROOT);
    return !primitives.contains(CryptoPrimitive.KEY_AGREEMENT)
        || !ALL.contains(name)
        || allowed.contains(name);
  }

  /** Keys are the trust manager's to judge. */
  @Override
  public boolean permits(Set<CryptoPrimitive> primitives, Key key) {
    return true;
  }

  @Override
  public boolean permits(
      Set<CryptoPrimitive> primitives,
      String algorithm,
      Key key,
      @Nullable AlgorithmParameters parameters) {
    return true;
  }
}
