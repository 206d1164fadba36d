package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.rotation.Rotation.Asked;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The devices that a narrowing is about, apart where hold lists tell them apart: those that stand
 * on one are cohorts of their own, without an id.
 *
 * @param broken cohorts of which some devices are apart
 */
record HeldAlike(List<Asked> asked, Set<Long> broken) {
  HeldAlike {
    asked = List.copyOf(asked);
    broken = Set.copyOf(broken);
  }

  static HeldAlike of(
      String product, Narrowing change, FleetFacts fleet, Catalogue catalogue, Stored stored) {
    Set<String> named = change.devices().orElseGet(() -> catalogue.held(product));
    Map<Set<String>, List<DeviceState>> alike = new LinkedHashMap<>();
    Map<Long, Set<String>> apart = new LinkedHashMap<>();
    for (FleetFacts.Known device : fleet.devices(product, named)) {
      alike
          .computeIfAbsent(heldOff(device.state(), stored), h -> new ArrayList<>())
          .add(device.state());
      apart.computeIfAbsent(device.cohort(), c -> new HashSet<>()).add(device.state().deviceId());
    }
    List<Asked> asked = new ArrayList<>();
    alike.values().forEach(states -> Cohort.of(states).forEach(c -> asked.add(asked(c))));
    if (change.devices().isEmpty()) {
      for (Cohort cohort : fleet.cohorts(product)) {
        Set<String> without = apart.getOrDefault(cohort.id(), Set.of());
        if (cohort.count() > without.size()) {
          asked.add(Asked.of(without.isEmpty() ? cohort : rest(product, cohort, without, fleet)));
        }
      }
    }
    return new HeldAlike(asked, apart.keySet());
  }

  /** Builds that are offered to others and wait for this device. */
  private static Set<String> heldOff(DeviceState device, Stored stored) {
    return stored.heads(device).stream()
        .flatMap(head -> head.candidates().stream())
        .filter(candidate -> Narrowing.isHeld(candidate, device.deviceId()))
        .map(Head.Candidate::manifest)
        .collect(Collectors.toSet());
  }

  private static Asked asked(Cohort held) {
    String device = held.devices().get(0);
    return new Asked(held, Optional.of(head -> Narrowing.withoutHeld(head, device)));
  }

  private static Cohort rest(String product, Cohort cohort, Set<String> without, FleetFacts fleet) {
    return new Cohort(
        cohort.id(),
        cohort.state(),
        cohort.count() - without.size(),
        fleet.devices(product, cohort, without.size() + 1).stream()
            .filter(device -> !without.contains(device))
            .limit(1)
            .toList());
  }
}
