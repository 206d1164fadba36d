package dev.otasigner.device.transport;

import java.security.AlgorithmConstraints;
import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.security.Key;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Offers a profile's groups, and has JSSE keep to them: before JDK 20 it can be told so for one
 * connection only by way of its constraints, which it asks about each group by name.
 *
 * <p>Both TLS stacks take a certificate on a curve only if they offer the curve for the key
 * exchange as well, which no standard asks of TLS 1.3. So the curves of certificates are offered
 * too, behind what the profile lists; a server that then chooses one of them is refused.
 */
final class OfferedGroups implements AlgorithmConstraints {
  private static final List<String> OF_CERTIFICATES = List.of("secp256r1", "secp384r1");

  private final List<String> offered;

  private OfferedGroups(List<String> offered) {
    this.offered = offered;
  }

  /** For a stack that offers in the order it is told. */
  static List<String> inOrder(List<String> listed) {
    List<String> offered = new ArrayList<>(listed);
    OF_CERTIFICATES.stream()
        .filter(curve -> !KeyExchangeGroup.isListed(listed, curve))
        .forEach(offered::add);
    return offered;
  }

  /**
   * For the JDK, whose order is its own: a curve that would come before all that the profile lists
   * is not offered, since a server takes what comes first.
   */
  static OfferedGroups ofTheJdk(List<String> listed) {
    List<String> offered = new ArrayList<>();
    for (String group : KeyExchangeGroup.OF_THE_JDK) {
      if (KeyExchangeGroup.isListed(listed, group)
          || !offered.isEmpty() && OF_CERTIFICATES.contains(group)) {
        offered.add(group);
      }
    }
    return new OfferedGroups(offered);
  }

  /** Whether the JDK speaks all of them. */
  static boolean areOfTheJdk(List<String> listed) {
    return listed.stream().allMatch(g -> KeyExchangeGroup.isListed(KeyExchangeGroup.OF_THE_JDK, g));
  }

  @Override
  public boolean permits(
      Set<CryptoPrimitive> primitives, String algorithm, @Nullable AlgorithmParameters parameters) {
    return !primitives.contains(CryptoPrimitive.KEY_AGREEMENT)
        || !KeyExchangeGroup.isKnown(algorithm)
        || KeyExchangeGroup.isListed(offered, algorithm);
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
