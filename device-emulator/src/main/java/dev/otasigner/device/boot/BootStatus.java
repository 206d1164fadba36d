package dev.otasigner.device.boot;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far the bootloader is, between two resets.
 *
 * @param attempt number of the latest upgrade it took up, 0 before the first
 * @param primaryBytes length of the image in the primary slot
 * @param secondaryBytes length of the image in the secondary slot, 0 when nothing there matters
 * @param outcome what became of the latest attempt that ended
 */
public record BootStatus(
    Phase phase, long attempt, long primaryBytes, long secondaryBytes, Optional<Outcome> outcome) {
  private static final int MAX_BYTES = 4096;
  private static final int MAX_DETAIL = 400;

  /** What the bootloader is in the middle of. */
  public enum Phase {
    /** Nothing: the primary slot holds a confirmed image. */
    STEADY,
    /** Exchanging the slots, towards the new image. */
    SWAPPING,
    /** The new image runs, or has run, and has to confirm itself. */
    TRIAL,
    /** Exchanging the slots, back to the old image. */
    REVERTING;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Phase ofCode(String code) {
      for (Phase phase : values()) {
        if (phase.code().equals(code)) {
          return phase;
        }
      }
      return null;
    }
  }

  /** How an attempt can end. */
  public enum Result {
    CONFIRMED,
    /** The image did not confirm itself, or did not boot. */
    REVERTED,
    /** The image was never booted. */
    REFUSED;

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

  /**
   * The end of an attempt.
   *
   * @param reason why not, unless it was confirmed
   * @param detail a sentence, perhaps empty
   */
  public record Outcome(long attempt, Result result, Optional<Reason> reason, String detail) {
    static Outcome confirmed(long attempt) {
      return new Outcome(attempt, Result.CONFIRMED, Optional.empty(), "");
    }

    static Outcome failed(long attempt, Result result, RejectedException refusal) {
      String text = String.valueOf(refusal.getMessage());
      return new Outcome(
          attempt,
          result,
          Optional.of(refusal.reason()),
          text.substring(0, Math.min(MAX_DETAIL, text.length())));
    }
  }

  static BootStatus factory(long primaryBytes) {
    return new BootStatus(Phase.STEADY, 0, primaryBytes, 0, Optional.empty());
  }

  static BootStatus read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    Optional<Outcome> outcome = Optional.empty();
    if (fields.has("outcome")) {
      Fields o = fields.object("outcome");
      outcome =
          Optional.of(
              new Outcome(
                  o.integer("attempt", 0, Long.MAX_VALUE),
                  o.oneOf("result", Result::ofCode, "result"),
                  o.has("reason")
                      ? Optional.of(o.oneOf("reason", Reason::ofCode, "reason"))
                      : Optional.empty(),
                  o.string("detail")));
    }
    return new BootStatus(
        fields.oneOf("phase", Phase::ofCode, "phase"),
        fields.integer("attempt", 0, Long.MAX_VALUE),
        fields.integer("primaryBytes", 0, Long.MAX_VALUE),
        fields.integer("secondaryBytes", 0, Long.MAX_VALUE),
        outcome);
  }

  byte[] toBytes() {
    Json.Builder json =
        Json.object()
            .put("schema", 1)
            .put("phase", phase.code())
            .put("attempt", attempt)
            .put("primaryBytes", primaryBytes)
            .put("secondaryBytes", secondaryBytes);
    outcome.ifPresent(
        o ->
            json.put(
                "outcome",
                Json.object()
                    .put("attempt", o.attempt)
                    .put("result", o.result.code())
                    .put("reason", o.reason.map(Reason::code).orElse(null))
                    .put("detail", o.detail)
                    .build()));
    return json.build().canonicalBytes();
  }

  /** Before the slots are exchanged. */
  BootStatus starting(Phase next, long nextAttempt) {
    return new BootStatus(next, nextAttempt, primaryBytes, secondaryBytes, outcome);
  }

  BootStatus withSecondary(long bytes) {
    return new BootStatus(phase, attempt, primaryBytes, bytes, outcome);
  }

  /** Once the slots are exchanged. */
  BootStatus exchanged(Phase next) {
    return new BootStatus(next, attempt, secondaryBytes, primaryBytes, outcome);
  }

  BootStatus ended(Outcome end) {
    return new BootStatus(
        Phase.STEADY, end.attempt, primaryBytes, secondaryBytes, Optional.of(end));
  }
}
