package dev.otasigner.service.signing;

import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.testing.TestKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One product whose fleet a test arranges. */
public class TestFleet implements FleetFacts {
  public static final String PRODUCT = "pump";
  public static final String HARDWARE = "gw";
  public static final String CHANNEL = "stable";
  private static final Instant NEVER = Instant.parse("9999-12-31T23:59:59Z");

  public ProductPolicy policy = ProductPolicy.DEFAULT;
  public final List<Manifest.Hardware> hardware =
      new ArrayList<>(List.of(new Manifest.Hardware(HARDWARE, List.of("a", "b"))));
  public LineageCheck lineages = LineageCheck.NO_CATALOGUE;
  public final List<DeviceState> devices = new ArrayList<>();
  private final Map<Digest, Bytes> profiles = new LinkedHashMap<>();
  private final Map<String, Bootloader> bootloaders = new LinkedHashMap<>();

  @Override
  public ProductPolicy policy(String product) {
    if (!product.equals(PRODUCT)) {
      throw SignerException.notFound("product " + product);
    }
    return policy;
  }

  @Override
  public List<String> products() {
    return List.of(PRODUCT);
  }

  @Override
  public List<Manifest.Hardware> hardware(String product) {
    return hardware;
  }

  @Override
  public List<String> channels(String product) {
    return List.of(CHANNEL);
  }

  @Override
  public List<Cohort> cohorts(String product) {
    return Cohort.of(devices);
  }

  @Override
  public List<String> devices(String product, Cohort cohort, int limit) {
    return cohort.devices();
  }

  @Override
  public List<Known> devices(String product, Collection<String> named) {
    return devices.stream()
        .filter(device -> named.contains(device.deviceId()))
        .map(device -> new Known(0, device))
        .toList();
  }

  @Override
  public Optional<Bytes> profile(String product, Digest digest) {
    return Optional.ofNullable(profiles.get(digest));
  }

  @Override
  public LineageCheck lineages(String product) {
    return lineages;
  }

  @Override
  public Optional<Bootloader> bootloader(String product, String id) {
    return Optional.ofNullable(bootloaders.get(id));
  }

  @Override
  public List<Bootloader> bootloaders(String product, String hardwareId) {
    return List.copyOf(bootloaders.values());
  }

  /** Registers a bootloader that boots what any of the keys has signed. */
  public Bootloader bootloader(String id, boolean updatable, TestKey... keys) {
    List<BootAnchor> anchors = new ArrayList<>();
    for (TestKey key : keys) {
      anchors.add(key.bootAnchor());
    }
    Bootloader bootloader =
        new Bootloader(
            id, anchors, List.of(), true, true, updatable, Bootloader.KeyTlv.KEYHASH, 1 << 20);
    bootloaders.put(id, bootloader);
    return bootloader;
  }

  /** Registers a profile over one lineage, whose manifests must be signed by all of the keys. */
  public Profile profile(String lineage, List<Integer> ports, String tls, TestKey... keys) {
    List<Json> anchors = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    List<String> suites = new ArrayList<>();
    for (TestKey key : keys) {
      anchors.add(key.anchor().toJson());
      ids.add(key.keyId().hex());
      suites.add(key.suite().code());
    }
    Json.Obj json =
        Json.object()
            .put("schema", 1)
            .put("knows", Json.strings(suites))
            .put(
                "manifest",
                Json.object()
                    .put("rule", Json.object().put("all", Json.strings(ids)).build())
                    .put("anchors", anchors)
                    .build())
            .put(
                "lineage",
                Json.object()
                    .put("name", lineage)
                    .put(
                        "rootSha256",
                        Digest.of(lineage.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                    .build())
            .put("minStrengthBits", 112)
            .put(
                "tls",
                Json.object()
                    .put("versions", Json.strings(List.of(tls)))
                    .put("suites", Json.strings(List.of("TLS_AES_256_GCM_SHA384")))
                    .put("groups", Json.strings(List.of()))
                    .put("serverAnchors", Json.strings(List.of("00".repeat(32))))
                    .put("clientKey", "p-384")
                    .build())
            .put("servers", Json.strings(List.of("localhost")))
            .put("ports", ports.stream().map(p -> new Json.Num(p)).toList())
            .build();
    try {
      Profile profile = Profile.read(json.canonicalBytes());
      profiles.put(profile.digest(), profile.bytes());
      return profile;
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A device that runs a build nobody has the bytes of. */
  public DeviceState device(
      String id, String version, long counter, Bootloader bootloader, Profile profile) {
    DeviceState device = state(id, version, counter, bootloader, profile);
    devices.add(device);
    return device;
  }

  public static DeviceState state(
      String id, String version, long counter, Bootloader bootloader, Profile profile) {
    return new DeviceState(
        id,
        PRODUCT,
        new DeviceState.Hardware(HARDWARE, "a"),
        CHANNEL,
        new DeviceState.Clock(ClockClass.RTC, Instant.parse("2026-01-01T00:00:00Z")),
        bootloader,
        new DeviceState.Running(version(version), new Digest("0".repeat(64)), profile.digest()),
        Map.of(),
        counter,
        profile.lineage().name(),
        1,
        new DeviceState.ClientCert(ClientKeyType.P_384, NEVER));
  }

  /** A policy as an administrator writes it. */
  public static ProductPolicy policyOf(String json) {
    try {
      return ProductPolicy.read(
          JsonReader.readObject(json.getBytes(java.nio.charset.StandardCharsets.UTF_8), 64 * 1024));
    } catch (RejectedException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public static ImageVersion version(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
