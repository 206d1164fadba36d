package dev.otasigner.verifier.device;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Everything about a device that the judgement depends on.
 *
 * @param deviceId any text
 * @param product a name of {@link Fields#isName}
 * @param hardware what it is made of
 * @param channel the line of builds that it follows, a name of {@link Fields#isName}
 * @param clock how it knows the time, and the earliest time it can be
 * @param bootloader what boots
 * @param running the confirmed build, by its signed documents
 * @param components installed components and their versions
 * @param securityCounter the stored anti-rollback number, u32
 * @param lineage name of the root chain that it follows
 * @param rootVersion version of the trusted TUF root, u32
 * @param clientCert the certificate it dials out with
 */
public record DeviceState(
    String deviceId,
    String product,
    Hardware hardware,
    String channel,
    Clock clock,
    Bootloader bootloader,
    Running running,
    Map<String, ImageVersion> components,
    long securityCounter,
    String lineage,
    long rootVersion,
    ClientCert clientCert) {
  /** Of a document. */
  public static final int MAX_BYTES = 256 * 1024;

  private static final int MAX_COMPONENTS = 64;

  /**
   * What a device is made of.
   *
   * @param id a name of {@link Fields#isName}
   * @param revision a name of {@link Fields#isName}
   */
  public record Hardware(String id, String revision) {}

  /**
   * How a device knows the time.
   *
   * @param kind the class of its clock
   * @param floor the time is not earlier than this
   */
  public record Clock(ClockClass kind, Instant floor) {}

  /**
   * The confirmed build.
   *
   * @param version as its manifest states it
   * @param manifest SHA-256 of the manifest's file, the whole envelope
   * @param profile SHA-256 of the profile's file
   */
  public record Running(ImageVersion version, Digest manifest, Digest profile) {}

  /**
   * The certificate that a device dials out with.
   *
   * @param keyType of its key
   * @param notAfter the end of its validity
   */
  public record ClientCert(ClientKeyType keyType, Instant notAfter) {}

  public DeviceState {
    components = Map.copyOf(components);
  }

  /** The same device with another bootloader. */
  public DeviceState withBootloader(Bootloader other) {
    return new DeviceState(
        deviceId,
        product,
        hardware,
        channel,
        clock,
        other,
        running,
        components,
        securityCounter,
        lineage,
        rootVersion,
        clientCert);
  }

  /**
   * Reads a document.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES}; any reason of {@link
   *     #read(Fields)}
   */
  public static DeviceState read(byte[] json) throws RejectedException {
    return read(JsonReader.readObject(json, MAX_BYTES));
  }

  /**
   * Reads a state that is part of a larger document.
   *
   * @throws RejectedException UNSUPPORTED_VERSION for another schema; UNSUPPORTED_CRITICAL for any
   *     name in {@code critical}; LIMIT_EXCEEDED, UNSUPPORTED_ALGORITHM and KEYID_MISMATCH as
   *     {@link Bootloader#read}; MALFORMED, also for more than 64 components
   */
  public static DeviceState read(Fields fields) throws RejectedException {
    fields.requireSchema(Set.of());
    Fields hardware = fields.object("hardware");
    Fields clock = fields.object("clock");
    Fields running = fields.object("running");
    Fields cert = fields.object("clientCert");
    Fields components = fields.object("components");
    Map<String, ImageVersion> versions = new TreeMap<>();
    for (String name : components.names()) {
      if (versions.size() == MAX_COMPONENTS) {
        throw components.malformed(name, "more than " + MAX_COMPONENTS + " components");
      }
      versions.put(name, components.version(name));
    }
    return new DeviceState(
        fields.string("deviceId"),
        fields.name("product"),
        new Hardware(hardware.name("id"), hardware.name("revision")),
        fields.name("channel"),
        new Clock(clock.oneOf("class", ClockClass::ofCode, "clock class"), clock.time("floor")),
        Bootloader.read(fields.object("bootloader")),
        new Running(
            running.version("version"), running.digest("manifest"), running.digest("profile")),
        versions,
        fields.u32("securityCounter"),
        fields.name("lineage"),
        fields.u32("rootVersion"),
        new ClientCert(
            cert.oneOf("keyType", ClientKeyType::ofCode, "client key type"),
            cert.time("notAfter")));
  }

  /** The form on the wire, as {@link #read(Fields)} reads it. */
  public Json.Obj toJson() {
    Json.Builder versions = Json.object();
    components.forEach((name, version) -> versions.put(name, version.toString()));
    return Json.object()
        .put("schema", 1)
        .put("deviceId", deviceId)
        .put("product", product)
        .put(
            "hardware",
            Json.object().put("id", hardware.id).put("revision", hardware.revision).build())
        .put("channel", channel)
        .put(
            "clock",
            Json.object().put("class", clock.kind.code()).put("floor", clock.floor).build())
        .put("bootloader", bootloader.toJson())
        .put(
            "running",
            Json.object()
                .put("version", running.version.toString())
                .put("manifest", running.manifest)
                .put("profile", running.profile)
                .build())
        .put("components", versions.build())
        .put("securityCounter", securityCounter)
        .put("lineage", lineage)
        .put("rootVersion", rootVersion)
        .put(
            "clientCert",
            Json.object()
                .put("keyType", clientCert.keyType.code())
                .put("notAfter", clientCert.notAfter)
                .build())
        .build();
  }
}
