package dev.otasigner.device.fleet;

import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which devices there are, and what may happen to them.
 *
 * @param seed decides on order, waiting and faults
 * @param concurrency how many devices are switched on at the same time, 1 to {@value
 *     #MAX_CONCURRENCY}
 * @param pollInterval device time between the cycles of a device that stays on
 * @param ports dialled where the profile names others
 */
public record FleetPlan(
    String product,
    long seed,
    int concurrency,
    Duration pollInterval,
    Map<Integer, Integer> ports,
    List<Cohort> cohorts) {
  /** Of a plan in JSON. */
  public static final int MAX_BYTES = 256 * 1024;

  static final int MAX_DEVICES = 20_000;
  static final int MAX_CONCURRENCY = 256;
  private static final int MAX_COHORTS = 64;
  private static final int MAX_PORTS = 32;
  private static final int MAX_POLL_SECONDS = 30 * 24 * 3600;
  private static final int MILLE = 1000;
  private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9._-]{1,48}");
  private static final Pattern TEXT = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Set<String> FAULTS = Set.of("cut", "reset", "slow", "refuse");

  /**
   * Devices that left the factory alike.
   *
   * @param idPrefix what stands before a device's number, from 1 on, in five digits
   * @param faults instead of those of the fleet
   */
  public record Cohort(
      String name,
      int count,
      DeviceState.Hardware hardware,
      String bootloader,
      ImageVersion build,
      String channel,
      ClockClass clock,
      String idPrefix,
      Optional<FaultRates> faults) {

    /** The id of the device of this number. */
    public String deviceId(int number) {
      return idPrefix + String.format(Locale.ROOT, "%05d", number);
    }

    NewDevice device(String product, int number) {
      return new NewDevice(deviceId(number), product, hardware, bootloader, build, channel, clock);
    }
  }

  public FleetPlan {
    ports = Map.copyOf(ports);
    cohorts = List.copyOf(cohorts);
    if (cohorts.isEmpty() || cohorts.size() > MAX_COHORTS) {
      throw new IllegalArgumentException("a fleet has 1 to " + MAX_COHORTS + " cohorts");
    }
    Set<String> ids = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (Cohort cohort : cohorts) {
      if (!names.add(cohort.name)) {
        throw new IllegalArgumentException("two cohorts are called " + cohort.name);
      }
      for (int number = 1; number <= cohort.count; number++) {
        if (!ids.add(cohort.deviceId(number))) {
          throw new IllegalArgumentException(
              "two cohorts have a device " + cohort.deviceId(number));
        }
        if (ids.size() > MAX_DEVICES) {
          throw new IllegalArgumentException("a fleet has at most " + MAX_DEVICES + " devices");
        }
      }
    }
    if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new IllegalArgumentException("concurrency is from 1 to " + MAX_CONCURRENCY);
    }
  }

  /** How many devices there are. */
  public int devices() {
    return cohorts.stream().mapToInt(Cohort::count).sum();
  }

  /**
   * Reads a plan, {@code schema} 1; docs/reference/device.md shows one.
   *
   * @throws RejectedException LIMIT_EXCEEDED over a limit, UNSUPPORTED_VERSION for another schema,
   *     MALFORMED otherwise, each with the field's path
   */
  public static FleetPlan read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    requireKnown(
        fields,
        Set.of("schema", "product", "seed", "concurrency", "pollSeconds", "ports", "cohorts"));
    List<Cohort> cohorts = new ArrayList<>();
    for (Fields item : fields.objects("cohorts", MAX_COHORTS)) {
      cohorts.add(cohort(item));
    }
    try {
      return new FleetPlan(
          fields.name("product"),
          fields.has("seed") ? fields.integer("seed", 0, Long.MAX_VALUE) : 1,
          fields.has("concurrency") ? (int) fields.integer("concurrency", 1, MAX_CONCURRENCY) : 16,
          Duration.ofSeconds(
              fields.has("pollSeconds")
                  ? fields.integer("pollSeconds", 1, MAX_POLL_SECONDS)
                  : 3600),
          ports(fields),
          cohorts);
    } catch (IllegalArgumentException e) {
      throw new RejectedException(Reason.MALFORMED, "plan: " + e.getMessage());
    }
  }

  private static Map<Integer, Integer> ports(Fields fields) throws RejectedException {
    Map<Integer, Integer> ports = new HashMap<>();
    if (fields.has("ports")) {
      Fields map = fields.object("ports");
      if (map.names().size() > MAX_PORTS) {
        throw new RejectedException(
            Reason.LIMIT_EXCEEDED, "ports: more than " + MAX_PORTS + " members");
      }
      for (String name : map.names()) {
        if (!name.matches("[1-9][0-9]{0,4}") || Integer.parseInt(name) > 65535) {
          throw map.malformed(name, "a port is expected as the member's name");
        }
        ports.put(Integer.valueOf(name), (int) map.integer(name, 1, 65535));
      }
    }
    return ports;
  }

  private static Cohort cohort(Fields item) throws RejectedException {
    requireKnown(
        item,
        Set.of(
            "name",
            "count",
            "hardware",
            "revision",
            "bootloader",
            "build",
            "channel",
            "clock",
            "idPrefix",
            "faultsPerMille"));
    String prefix = item.string("idPrefix");
    if (!PREFIX.matcher(prefix).matches()) {
      throw item.malformed("idPrefix", "1 to 48 of [A-Za-z0-9._-] are expected");
    }
    String revision = item.string("revision");
    if (!TEXT.matcher(revision).matches()) {
      throw item.malformed("revision", "1 to 64 of [A-Za-z0-9._-] are expected");
    }
    ImageVersion build;
    try {
      build = ImageVersion.parseLenient(item.string("build"));
    } catch (RejectedException e) {
      throw item.malformed("build", "a version such as 34.11 is expected");
    }
    return new Cohort(
        item.name("name"),
        (int) item.integer("count", 1, MAX_DEVICES),
        new DeviceState.Hardware(item.name("hardware"), revision),
        item.name("bootloader"),
        build,
        item.name("channel"),
        item.has("clock") ? item.oneOf("clock", ClockClass::ofCode, "clock class") : ClockClass.RTC,
        prefix,
        faults(item));
  }

  private static Optional<FaultRates> faults(Fields item) throws RejectedException {
    if (!item.has("faultsPerMille")) {
      return Optional.empty();
    }
    Fields map = item.object("faultsPerMille");
    requireKnown(map, FAULTS);
    Map<String, Double> rates = new HashMap<>();
    for (String name : map.names()) {
      rates.put(name, map.integer(name, 0, MILLE) / (double) MILLE);
    }
    return Optional.of(FaultRates.of(rates, FaultRates.NONE));
  }

  /** A plan is written by hand: what is misspelt shall not be as if it were not there. */
  private static void requireKnown(Fields fields, Set<String> known) throws RejectedException {
    for (String name : fields.names()) {
      if (!known.contains(name)) {
        throw fields.malformed(name, "a plan knows no such member");
      }
    }
  }
}
