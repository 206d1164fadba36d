package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What somebody thinks of doing to a drawn product.
 *
 * @param minStrengthBits 0 for no demand
 * @param doors listeners that are closed, by their names
 * @param versions of TLS that are spoken no more
 */
record DrawnChange(
    Set<Signer> retired,
    Set<ImageVersion> withdrawn,
    int minStrengthBits,
    boolean hybrid,
    Set<String> fixed,
    Set<String> ended,
    Set<String> doors,
    Set<String> versions) {
  static final List<String> DOORS = List.of("legacy", "modern");
  static final List<String> VERSIONS = List.of("TLSv1.2", "TLSv1.3");
  static final List<String> LINEAGES = List.of("main", "hybrid");

  static final DrawnChange NOTHING =
      new DrawnChange(Set.of(), Set.of(), 0, false, Set.of(), Set.of(), Set.of(), Set.of());

  DrawnChange {
    retired = Collections.unmodifiableSet(new LinkedHashSet<>(retired));
    withdrawn = Set.copyOf(withdrawn);
    fixed = Set.copyOf(fixed);
    ended = Set.copyOf(ended);
    doors = Set.copyOf(doors);
    versions = Set.copyOf(versions);
  }

  static DrawnChange retiring(Set<Signer> keys) {
    return new DrawnChange(keys, Set.of(), 0, false, Set.of(), Set.of(), Set.of(), Set.of());
  }

  /** What can be thought of; a change is one of them, or several. */
  enum Kind {
    RETIRE_ONE,
    RETIRE_MORE,
    WITHDRAW,
    MIN_STRENGTH,
    HYBRID,
    FIX_BOOTLOADERS,
    END_LINEAGES,
    CLOSE_LISTENERS,
    DROP_TLS
  }

  static DrawnChange of(DrawnProduct product, Set<Kind> kinds, Random random) {
    Set<Signer> retired = new LinkedHashSet<>();
    if (kinds.contains(Kind.RETIRE_ONE) || kinds.contains(Kind.RETIRE_MORE)) {
      List<Signer> order = new ArrayList<>(product.signing());
      Collections.shuffle(order, random);
      int count = kinds.contains(Kind.RETIRE_MORE) ? 2 + random.nextInt(2) : 1;
      retired.addAll(order.subList(0, Math.min(count, order.size())));
    }
    return new DrawnChange(
        retired,
        kinds.contains(Kind.WITHDRAW) ? withdrawn(product, random) : Set.of(),
        kinds.contains(Kind.MIN_STRENGTH) ? new int[] {113, 129, 193}[random.nextInt(3)] : 0,
        kinds.contains(Kind.HYBRID),
        kinds.contains(Kind.FIX_BOOTLOADERS)
            ? some(product.bootloaders().stream().map(Bootloader::id).toList(), random)
            : Set.of(),
        kinds.contains(Kind.END_LINEAGES) ? some(LINEAGES, random) : Set.of(),
        kinds.contains(Kind.CLOSE_LISTENERS) ? some(DOORS, random) : Set.of(),
        kinds.contains(Kind.DROP_TLS) ? some(VERSIONS, random) : Set.of());
  }

  private static Set<ImageVersion> withdrawn(DrawnProduct product, Random random) {
    List<ImageVersion> offered =
        product.builds().stream()
            .filter(build -> build.terms().isPresent())
            .map(Build::version)
            .toList();
    return offered.isEmpty() ? Set.of() : some(offered, random);
  }

  private static <T> Set<T> some(List<T> all, Random random) {
    Set<T> chosen = new LinkedHashSet<>();
    chosen.add(all.get(random.nextInt(all.size())));
    if (random.nextInt(4) == 0) {
      chosen.add(all.get(random.nextInt(all.size())));
    }
    return chosen;
  }

  boolean isNothing() {
    return equals(NOTHING);
  }

  /** Keys that sign nothing more. */
  Set<Signer> stopping(DrawnProduct product) {
    Set<Signer> stopping = new LinkedHashSet<>(retired);
    product.signing().stream()
        .filter(key -> key.key().suite().strengthBits() < minStrengthBits)
        .forEach(stopping::add);
    return stopping;
  }

  /** Whether a device with this profile loses what it would dial. */
  boolean shuts(Profile profile, List<Integer> ports) {
    return doors(profile, ports).stream().anyMatch(this::shuts);
  }

  private boolean shuts(String door) {
    return doors.contains(door) || versions.contains(VERSIONS.get(DOORS.indexOf(door)));
  }

  static Set<String> doors(Profile profile, List<Integer> ports) {
    return DOORS.stream()
        .filter(door -> profile.ports().contains(ports.get(DOORS.indexOf(door))))
        .collect(Collectors.toSet());
  }

  Set<String> shut() {
    return DOORS.stream().filter(this::shuts).collect(Collectors.toSet());
  }

  DrawnChange without(String door) {
    return new DrawnChange(
        retired,
        withdrawn,
        minStrengthBits,
        hybrid,
        fixed,
        ended,
        doors.stream().filter(d -> !d.equals(door)).collect(Collectors.toSet()),
        versions);
  }

  /** What the change makes of a device itself. */
  DeviceState of(DeviceState state) {
    return fixed.contains(state.bootloader().id()) ? fixedState(state) : state;
  }

  private static DeviceState fixedState(DeviceState state) {
    Bootloader b = state.bootloader();
    return new DeviceState(
        state.deviceId(),
        state.product(),
        state.hardware(),
        state.channel(),
        state.clock(),
        new Bootloader(
            b.id(),
            b.anchors(),
            b.trialAnchors(),
            b.allowList(),
            b.rollbackProtection(),
            false,
            b.keyTlv(),
            b.slotBytes()),
        state.running(),
        state.components(),
        state.securityCounter(),
        state.lineage(),
        state.rootVersion(),
        state.clientCert());
  }

  /** As the service is asked. */
  Json.Obj json() {
    Json.Builder json = Json.object();
    if (!retired.isEmpty()) {
      json.put("retireKeys", Json.strings(retired.stream().map(Signer::name).toList()));
    }
    if (!withdrawn.isEmpty()) {
      json.put("withdraw", withdrawn.stream().map(v -> (Json) release(v)).toList());
    }
    if (minStrengthBits > 0) {
      json.put("minStrengthBits", minStrengthBits);
    }
    if (hybrid) {
      json.put("hybridManifests", true);
    }
    if (!fixed.isEmpty()) {
      json.put("fixBootloaders", Json.strings(List.copyOf(fixed)));
    }
    if (!ended.isEmpty()) {
      json.put("endLineages", Json.strings(List.copyOf(ended)));
    }
    if (!doors.isEmpty()) {
      json.put("closeListeners", Json.strings(List.copyOf(doors)));
    }
    if (!versions.isEmpty()) {
      json.put(
          "dropTls", Json.object().put("versions", Json.strings(List.copyOf(versions))).build());
    }
    return json.build();
  }

  private static Json.Obj release(ImageVersion version) {
    return Json.object()
        .put("channel", DrawnProduct.CHANNEL)
        .put("hardware", DrawnProduct.HARDWARE)
        .put("version", version.toString())
        .build();
  }

  @Override
  public String toString() {
    return new String(json().canonicalBytes(), StandardCharsets.UTF_8);
  }
}
