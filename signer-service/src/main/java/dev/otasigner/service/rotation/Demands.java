package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyState;
import dev.otasigner.service.fleet.KeyDemand;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.keyring.KeyEntry;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Which keys a product's policy lets sign no build any more.
 *
 * @param keys all that there are
 */
record Demands(String product, List<KeyEntry> keys) {
  private static final Set<KeyState> SIGNING =
      EnumSet.of(KeyState.PRE_ACTIVATION, KeyState.ACTIVE, KeyState.SUSPENDED);

  Demands {
    keys = List.copyOf(keys);
  }

  /** Those that are weaker than what is demanded at a time. */
  List<KeyEntry> weaker(ProductPolicy policy, Instant at) {
    return policy.keys().stream()
        .filter(demand -> !demand.from().isAfter(at))
        .flatMap(demand -> weaker(demand).stream())
        .distinct()
        .toList();
  }

  private List<KeyEntry> weaker(KeyDemand demand) {
    return keys.stream()
        .filter(key -> key.purpose() == demand.purpose() && SIGNING.contains(key.state()))
        .filter(key -> key.product().isEmpty() || key.product().get().equals(product))
        .filter(key -> key.suite().strengthBits() < demand.minStrengthBits())
        .toList();
  }
}
