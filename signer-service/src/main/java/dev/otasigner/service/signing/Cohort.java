package dev.otasigner.service.signing;

import dev.otasigner.verifier.device.DeviceState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Devices that the judgement cannot tell apart.
 *
 * @param state of the first of them
 * @param devices their identifiers; empty for a state that no device is in yet
 */
public record Cohort(DeviceState state, List<String> devices) {
  public Cohort {
    devices = List.copyOf(devices);
  }

  /** Groups devices by all of their state that the judgement looks at, in the order given. */
  public static List<Cohort> of(List<DeviceState> states) {
    Map<DeviceState, List<DeviceState>> groups = new LinkedHashMap<>();
    for (DeviceState state : states) {
      groups.computeIfAbsent(withoutIdentity(state), s -> new ArrayList<>()).add(state);
    }
    return groups.values().stream()
        .map(g -> new Cohort(g.get(0), g.stream().map(DeviceState::deviceId).toList()))
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
