package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a device says of itself when it checks in.
 *
 * @param seq rises with every check-in; -1 before the first
 * @param securityCounter u32
 * @param rootVersion u32
 * @param components installed besides the build, by name
 * @param outcome of the last update it tried, if it tells one
 */
record Report(
    long seq,
    ImageVersion version,
    Digest manifest,
    Digest profile,
    String bootloaderId,
    long securityCounter,
    String lineage,
    long rootVersion,
    String channel,
    ClockClass clockClass,
    Map<String, ImageVersion> components,
    Optional<Outcome> outcome) {
  private static final int MAX_COMPONENTS = 64;

  Report {
    components = Map.copyOf(components);
  }

  /** How an update ended. */
  enum Result {
    INSTALLED,
    REFUSED,
    REVERTED;

    String code() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    static @org.jspecify.annotations.Nullable Result ofCode(String code) {
      for (Result result : values()) {
        if (result.code().equals(code)) {
          return result;
        }
      }
      return null;
    }
  }

  /**
   * How an update ended.
   *
   * @param reason from the closed list; present when it was refused
   */
  record Outcome(ImageVersion version, Result result, Optional<Reason> reason) {}

  /** Whether both say the same of the device itself. */
  boolean saysTheSame(Report other) {
    return withoutOutcome().equals(other.withoutOutcome());
  }

  private Report withoutOutcome() {
    return new Report(
        seq,
        version,
        manifest,
        profile,
        bootloaderId,
        securityCounter,
        lineage,
        rootVersion,
        channel,
        clockClass,
        components,
        Optional.empty());
  }

  static Report read(Fields fields) throws RejectedException {
    Optional<Outcome> outcome = Optional.empty();
    if (fields.has("outcome")) {
      outcome = Optional.of(readOutcome(fields.object("outcome")));
    }
    return new Report(
        fields.integer("seq", 0, Long.MAX_VALUE),
        fields.version("version"),
        fields.digest("manifest"),
        fields.digest("profile"),
        fields.name("bootloaderId"),
        fields.u32("securityCounter"),
        fields.name("lineage"),
        fields.u32("rootVersion"),
        fields.name("channel"),
        fields.oneOf("clockClass", ClockClass::ofCode, "clock class"),
        fields.has("components") ? components(fields.object("components")) : Map.of(),
        outcome);
  }

  private static Map<String, ImageVersion> components(Fields fields) throws RejectedException {
    Map<String, ImageVersion> components = new TreeMap<>();
    for (String name : fields.names()) {
      if (!Fields.isName(name)) {
        throw fields.malformed(name, "a name of [a-z0-9-]{1,32} is expected");
      }
      if (components.size() == MAX_COMPONENTS) {
        throw fields.malformed(name, "more than " + MAX_COMPONENTS + " components");
      }
      components.put(name, fields.version(name));
    }
    return components;
  }

  /** The components for the database; nothing when there are none. */
  @Nullable String componentsText() {
    if (components.isEmpty()) {
      return null;
    }
    Json.Builder json = Json.object();
    new TreeMap<>(components).forEach((name, version) -> json.put(name, version.toString()));
    return new String(json.build().canonicalBytes(), StandardCharsets.UTF_8);
  }

  /** As {@link #componentsText} wrote them. */
  static Map<String, ImageVersion> components(@Nullable String text) throws RejectedException {
    if (text == null) {
      return Map.of();
    }
    byte[] stored = text.getBytes(StandardCharsets.UTF_8);
    return components(JsonReader.readObject(stored, stored.length));
  }

  private static Outcome readOutcome(Fields outcome) throws RejectedException {
    Optional<Reason> reason = Optional.empty();
    if (outcome.has("reason")) {
      reason = Optional.of(outcome.oneOf("reason", Reason::ofCode, "reason"));
    }
    Result result = outcome.oneOf("result", Result::ofCode, "result");
    if (result == Result.REFUSED && reason.isEmpty()) {
      throw outcome.malformed("reason", "missing: a refusal has a reason");
    }
    return new Outcome(outcome.version("version"), result, reason);
  }
}
