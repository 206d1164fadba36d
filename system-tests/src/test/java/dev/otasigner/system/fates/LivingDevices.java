package dev.otasigner.system.fates;

import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.lab.LabDevice;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.system.fates.FleetPlan.Build;
import dev.otasigner.system.fates.FleetPlan.Device;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The emulated devices of a fleet: made as it was drawn, and on when they are told to be. */
final class LivingDevices {
  private static final int MANY_CYCLES = 8;

  /** More than there are builds to refuse one after the other. */
  private static final int MANY_REFUSALS = 6;

  private final MovedService service;
  private final FleetPlan plan;
  private final FleetProduct product;
  private final Map<String, LabDevice> devices = new LinkedHashMap<>();
  private final Map<String, List<Integer>> taken = new LinkedHashMap<>();
  private final Map<String, String> last = new LinkedHashMap<>();

  LivingDevices(MovedService service, FleetPlan plan, FleetProduct product) {
    this.service = service;
    this.plan = plan;
    this.product = product;
  }

  Set<String> ids() {
    return devices.keySet();
  }

  /** The build that it runs, confirmed. */
  ImageVersion version(String id) throws IOException {
    return device(id).version();
  }

  /** What they take from now on is their way. */
  void setOut() {
    taken.clear();
  }

  /** Major versions that a device has taken since it set out. */
  List<Integer> way(String id) {
    return List.copyOf(taken.getOrDefault(id, List.of()));
  }

  /** Where a device is, and what it said last. */
  String told(String id) throws IOException {
    return version(id) + ", " + last.getOrDefault(id, "never on");
  }

  /** Makes those that are made early, or late, and enrols them. */
  void make(boolean late) throws IOException, RejectedException {
    for (Device device : plan.devices()) {
      if (device.late() == late) {
        ClockClass clock = device.clock() ? ClockClass.RTC : ClockClass.NONE;
        Build build = product.build(device.build());
        String version = FleetProduct.version(build, 0);
        Answer answer =
            service
                .admin()
                .post(
                    product.base() + "/devices",
                    String.format(
                        Locale.ROOT,
                        "{'deviceId':'%s','hardware':'gw','revision':'a','bootloader':'%s',"
                            + "'channel':'stable','clockClass':'%s','build':'%s'}",
                        device.id(),
                        device.bootloader(),
                        clock.code(),
                        version))
                .expect(201);
        NewDevice fresh =
            new NewDevice(
                device.id(),
                product.name(),
                new DeviceState.Hardware(FleetProduct.HARDWARE, "a"),
                device.bootloader(),
                ImageVersion.parse(version),
                FleetProduct.CHANNEL,
                clock);
        devices.put(device.id(), service.make(fresh, answer.string("secret")));
      }
    }
  }

  /** Switches them on as often as it was drawn. */
  void use(boolean late) throws IOException {
    for (Device device : plan.devices()) {
      if (device.late() == late) {
        cyclesUntil(device.id(), "", device.cycles());
      }
    }
  }

  private LabDevice device(String id) {
    return Objects.requireNonNull(devices.get(id));
  }

  /** What a device has come to in a cycle. */
  private enum Came {
    ON,
    /** It leaves alone what it refused, and may take something else the next time. */
    REFUSED,
    NOWHERE
  }

  private Came cycle(String id) throws IOException {
    LabDevice device = device(id);
    try {
      UpdateOutcome outcome = device.update();
      last.put(id, outcome.toString());
      if (outcome instanceof UpdateOutcome.Installed installed) {
        taken.computeIfAbsent(id, i -> new ArrayList<>()).add(installed.version().major());
        return Came.ON;
      }
      return outcome instanceof UpdateOutcome.Refused ? Came.REFUSED : Came.NOWHERE;
    } catch (IOException e) {
      last.put(id, String.valueOf(e));
      return Came.NOWHERE;
    }
  }

  /** Cycles until there is nothing left to take. */
  void cycles(String id) throws IOException {
    cyclesUntil(id, "", MANY_CYCLES);
  }

  /** Cycles until a device runs this build, or there is nothing left to take. */
  void cyclesUntil(String id, String version) throws IOException {
    cyclesUntil(id, version, MANY_CYCLES);
  }

  private void cyclesUntil(String id, String version, int most) throws IOException {
    int refusals = 0;
    for (int i = 0; i < most && refusals < MANY_REFUSALS; ) {
      if (device(id).version().toString().equals(version)) {
        return;
      }
      switch (cycle(id)) {
        case ON -> {
          refusals = 0;
          i++;
        }
        case REFUSED -> refusals++;
        case NOWHERE -> {
          return;
        }
      }
    }
  }

  void allCycles() throws IOException {
    for (String id : devices.keySet()) {
      cycles(id);
    }
  }
}
