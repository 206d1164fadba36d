package dev.otasigner.service.fleet;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When the service ends a rollout by itself.
 *
 * @param action what it does then; with {@link Action#NONE} the rest says nothing
 * @param thresholdPercentage of the devices that have executed the update, how many may fail before
 *     it does; 1 to 100
 * @param minNumberOfExecutedThings devices that must have executed it before anything is concluded
 * @param silence for how long a device may say nothing before it counts as failed, if at all
 */
public record AutomaticStop(
    Action action,
    int thresholdPercentage,
    int minNumberOfExecutedThings,
    Optional<Duration> silence) {
  private static final Set<String> MEMBERS =
      Set.of("action", "thresholdPercentage", "minNumberOfExecutedThings", "silenceHours");
  private static final int MAX_THINGS = 10_000_000;
  private static final int MAX_SILENCE_HOURS = 24 * 90;

  /** What becomes of the rollout. */
  public enum Action {
    PAUSE,
    STOP,
    NONE;

    public String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Action ofCode(String code) {
      for (Action action : values()) {
        if (action.code().equals(code)) {
          return action;
        }
      }
      return null;
    }
  }

  /**
   * Reads it; without {@code action} a rollout is paused.
   *
   * @throws RejectedException MALFORMED, also for a member that is not known
   */
  public static AutomaticStop read(Fields fields) throws RejectedException {
    for (String name : fields.names()) {
      if (!MEMBERS.contains(name)) {
        throw fields.malformed(name, "no member of an automatic stop");
      }
    }
    Action action =
        fields.has("action") ? fields.oneOf("action", Action::ofCode, "action") : Action.PAUSE;
    if (action == Action.NONE) {
      return new AutomaticStop(action, 100, 1, Optional.empty());
    }
    return new AutomaticStop(
        action,
        (int) fields.integer("thresholdPercentage", 1, 100),
        (int) fields.integer("minNumberOfExecutedThings", 1, MAX_THINGS),
        fields.has("silenceHours")
            ? Optional.of(Duration.ofHours(fields.integer("silenceHours", 1, MAX_SILENCE_HOURS)))
            : Optional.empty());
  }

  /** As {@link #read} takes it. */
  public Json.Obj toJson() {
    Json.Builder json = Json.object().put("action", action.code());
    if (action == Action.NONE) {
      return json.build();
    }
    json.put("thresholdPercentage", thresholdPercentage)
        .put("minNumberOfExecutedThings", minNumberOfExecutedThings);
    silence.ifPresent(window -> json.put("silenceHours", window.toHours()));
    return json.build();
  }

  /** Whether so many failures of so many devices are too many. */
  public boolean isReached(long failed, long executed) {
    return action != Action.NONE
        && executed >= minNumberOfExecutedThings
        && failed * 100 >= (long) thresholdPercentage * executed
        && failed > 0;
  }
}
