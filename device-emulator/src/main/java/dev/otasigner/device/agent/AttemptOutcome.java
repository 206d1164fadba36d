package dev.otasigner.device.agent;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What became of a build, as the next check-in reports it. */
record AttemptOutcome(ImageVersion version, Result result, Optional<Reason> reason) {
  private static final int MAX_BYTES = 1024;

  enum Result {
    INSTALLED,
    REFUSED,
    REVERTED;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Result ofCode(String code) {
      for (Result result : values()) {
        if (result.code().equals(code)) {
          return result;
        }
      }
      return null;
    }
  }

  static AttemptOutcome read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    return new AttemptOutcome(
        fields.version("version"),
        fields.oneOf("result", Result::ofCode, "result"),
        fields.has("reason")
            ? Optional.of(fields.oneOf("reason", Reason::ofCode, "reason"))
            : Optional.empty());
  }

  Json.Obj toJson() {
    return Json.object()
        .put("version", version.toString())
        .put("result", result.code())
        .put("reason", reason.map(Reason::code).orElse(null))
        .build();
  }
}
