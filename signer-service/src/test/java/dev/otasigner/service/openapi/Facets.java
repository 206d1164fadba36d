package dev.otasigner.service.openapi;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.catalogue.ReleaseState;
import dev.otasigner.service.keyring.TokenName;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.signing.RequestState;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is known of a value beyond its Java type: its vocabulary, pattern or bounds, by the facet
 * that is named on the component, or else by the component's own name.
 */
final class Facets {
  static final String NAME = "^[a-z0-9-]{1,32}$";
  private static final long U32 = 0xffff_ffffL;
  private static final Map<String, Json.Obj> ALL = new TreeMap<>();

  private Facets() {}

  /** Names the facet. */
  @Target(ElementType.RECORD_COMPONENT)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Is {
    String value();
  }

  /** The member's name, where it is no Java identifier. */
  @Target(ElementType.RECORD_COMPONENT)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Named {
    String value();
  }

  static {
    for (String name : List.of("name", "product", "channel", "lineage", "hardware", "revision")) {
      ALL.put(name, pattern(NAME));
    }
    ALL.put("bootloader", pattern(NAME));
    ALL.put("closeListener", pattern(NAME));
    ALL.put("lastListener", pattern(NAME));
    ALL.put("revisions", pattern(NAME));
    ALL.put("deviceId", pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"));
    ALL.put("uri", bounds(1, 4096));
    ALL.put("reason1000", bounds(0, 1000));
    ALL.put("reason500", bounds(1, 500));
    ALL.put("idempotencyKey", bounds(1, 64));
    ALL.put("problemType", pattern("^urn:ota:problem:[a-z-]+$"));
    ALL.put("base64", Json.object().put("format", "byte").build());
    ALL.put("password", Json.object().put("format", "password").build());
    ALL.put("current", Json.object().put("format", "password").build());
    ALL.put("status", range(400, 599));
    ALL.put("schema", range(1, 1));
    ALL.put("port", range(1, 65_535));
    ALL.put("ports", range(1, 65_535));
    ALL.put("boundPort", range(1, 65_535));
    ALL.put("days", range(1, 366));
    ALL.put("limit", range(1, 500));
    ALL.put("approvals", range(0, 255));
    ALL.put("attempts", range(0, Integer.MAX_VALUE));
    ALL.put("count", range(0, Integer.MAX_VALUE));
    ALL.put("length", range(0, Long.MAX_VALUE));
    ALL.put("slotBytes", range(1, Long.MAX_VALUE));
    ALL.put("timestampDays", range(1, 90));
    ALL.put("maxCounterStep", range(0, U32));
    ALL.put("securityCounter", range(0, U32));
    ALL.put("rootVersion", range(0, U32));
    ALL.put("sharePerMille", range(0, 1000));
    ALL.put("notes", bounds(0, 4000));
    ALL.put("some", range(1, Integer.MAX_VALUE));
    ALL.put("percent", range(1, 100));
    ALL.put("silenceHours", range(1, 2160));
    ALL.put("stopAction", words("pause", "stop", "none"));
    ALL.put("list", words("test", "hold"));
    ALL.put("writeOffState", words("waiting", "in-force", "rejected", "taken-back", "lapsed"));
    ALL.put("headerSize", range(32, 65_532));
    ALL.put("slotSize", range(0, 1L << 40));
    ALL.put("align", range(1, 32));
    ALL.put("quota", range(0, Long.MAX_VALUE));
    ALL.put("hex", pattern("^([0-9a-f]{2})+$"));
    ALL.put("digest", pattern("^[0-9a-f]{64}$"));
    ALL.put("from", range(0, Long.MAX_VALUE));
    ALL.put(
        "roles",
        pattern(
            "^("
                + Arrays.stream(Role.values()).map(Role::code).collect(Collectors.joining("|"))
                + ")(@[a-z0-9-]{1,32})?$"));
    ALL.put("grant", roles());
    ALL.put("take", roles());
    ALL.put("roleName", bounds(1, 80));
    ALL.put("change", words("create", "grant", "take", "reset", "delete"));
    ALL.put("actorName", bounds(1, 240));
    ALL.put("purpose", codes(KeyPurpose.values(), KeyPurpose::code));
    ALL.put("suite", codes(SignatureSuite.values(), SignatureSuite::code));
    ALL.put("keyState", codes(KeyState.values(), KeyState::code));
    ALL.put("tokenName", codes(TokenName.values(), TokenName::code));
    ALL.put("releaseState", codes(ReleaseState.values(), ReleaseState::code));
    ALL.put("requestState", codes(RequestState.values(), RequestState::code));
    ALL.put("reportKind", codes(ReportKind.values(), ReportKind::code));
    ALL.put("imageFormat", codes(ImageFormat.values(), ImageFormat::code));
    ALL.put("imageHash", codes(BootAnchor.ImageHash.values(), BootAnchor.ImageHash::code));
    ALL.put("keyTlv", codes(Bootloader.KeyTlv.values(), Bootloader.KeyTlv::code));
    ALL.put("clockClass", codes(ClockClass.values(), ClockClass::code));
    ALL.put("clientKey", codes(ClientKeyType.values(), ClientKeyType::code));
    ALL.put("serverKey", codes(ClientKeyType.values(), ClientKeyType::code));
    ALL.put("attemptOutcome", words("begun", "signed", "failed", "interrupted"));
    ALL.put("decision", words("approve", "revoke"));
    ALL.put(
        "rotationStep",
        words("introduce", "sign", "bridge", "fleet", "new-only", "retire", "destroy"));
    ALL.put("rotationState", words("planned", "open", "done", "aborted"));
    ALL.put("stepState", words("done", "next", "waiting"));
    ALL.put("listenerKind", words("device", "enrol"));
    ALL.put("actorKind", words("user", "api-key", "oidc"));
  }

  static Optional<Json.Obj> of(String facet) {
    return Optional.ofNullable(ALL.get(facet));
  }

  /** The name of the schema that a vocabulary has of its own, such as {@code KeyPurpose}. */
  static String vocabulary(String facet) {
    String name =
        switch (facet) {
          case "purpose" -> "keyPurpose";
          case "suite" -> "signatureSuite";
          case "serverKey", "clientKey" -> "tlsKeyType";
          default -> facet;
        };
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  private static Json.Obj roles() {
    return of("roles").orElseThrow();
  }

  private static Json.Obj pattern(String pattern) {
    return Json.object().put("pattern", pattern).build();
  }

  private static Json.Obj bounds(int min, int max) {
    return Json.object().put("minLength", min).put("maxLength", max).build();
  }

  private static Json.Obj range(long min, long max) {
    return Json.object().put("minimum", min).put("maximum", max).build();
  }

  private static <T> Json.Obj codes(T[] values, Function<T, String> code) {
    return words(Arrays.stream(values).map(code).toArray(String[]::new));
  }

  private static Json.Obj words(String... words) {
    return Json.object().put("enum", Json.strings(List.of(words))).build();
  }
}
