package dev.otasigner.service.signing;

import dev.otasigner.service.fleet.Cohorts;
import dev.otasigner.verifier.device.DeviceState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Devices that the judgement cannot tell apart.
 *
 * @param id under which the fleet counts them; 0 when it does not
 * @param state without what tells them apart
 * @param count how many they are; 0 for a state that no device is in yet
 * @param devices identifiers of some of them: of none in a state that no device is in
 */
public record Cohort(long id, DeviceState state, long count, List<String> devices) {
  public Cohort {
    devices = List.copyOf(devices);
  }

  /** Whether devices in this state have a certificate of ours. */
  public static boolean isEnrolled(DeviceState state) {
    return state.clientCert().notAfter().isBefore(Cohorts.NEVER);
  }

  /** With other identifiers of its devices. */
  public Cohort naming(List<String> other) {
    return new Cohort(id, state, count, other);
  }

  /** A state that no device is in yet. */
  static Cohort toCome(DeviceState state) {
    return new Cohort(0, state, 0, List.of());
  }

  /** Groups devices by all of their state that the judgement looks at, in the order given. */
  public static List<Cohort> of(List<DeviceState> states) {
    Map<DeviceState, List<String>> groups = new LinkedHashMap<>();
    for (DeviceState state : states) {
      groups.computeIfAbsent(withoutIdentity(state), s -> new ArrayList<>()).add(state.deviceId());
    }
    return groups.entrySet().stream()
        .map(g -> new Cohort(0, g.getKey(), g.getValue().size(), g.getValue()))
        .toList();
  }

  private static DeviceState withoutIdentity(DeviceState state) {
    return new DeviceState(
        "",
        state.product(),
        state.hardware(),
        state.channel(),
        new DeviceState.Clock(state.clock().kind(), Instant.EPOCH),
        state.bootloader(),
        state.running(),
        state.components(),
        state.securityCounter(),
        state.lineage(),
        state.rootVersion(),
        new DeviceState.ClientCert(state.clientCert().keyType(), Instant.EPOCH));
  }
}
