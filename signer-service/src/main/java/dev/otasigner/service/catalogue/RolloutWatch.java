package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.AutomaticStop;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Ends rollouts by itself when too many devices fail or fall silent: once a minute it counts what
 * they told. What it ends is decided as by anybody, durable before the catalogue follows, and ended
 * once: what is not offered any more is not looked at.
 */
@Component
class RolloutWatch {
  private static final Logger log = LoggerFactory.getLogger(RolloutWatch.class);

  private final ReleaseStore store;
  private final Rollouts rollouts;
  private final Releases releases;
  private final ListeningTime listening;
  private volatile Optional<String> trouble = Optional.empty();

  RolloutWatch(ReleaseStore store, Rollouts rollouts, Releases releases, ListeningTime listening) {
    this.store = store;
    this.rollouts = rollouts;
    this.releases = releases;
    this.listening = listening;
  }

  /** What kept it from looking at all of them the last time. */
  Optional<String> trouble() {
    return trouble;
  }

  @Scheduled(initialDelay = 30_000, fixedDelay = 60_000)
  void look() {
    Optional<String> found = Optional.empty();
    try {
      listening.isThere();
      for (Release release : store.findByState(ReleaseState.PUBLISHED)) {
        Optional<String> here = lookAt(release);
        found = found.isPresent() ? found : here;
      }
    } catch (RuntimeException e) {
      log.error("rollouts are not watched now", e);
      found = Optional.of("rollouts are not watched: see the log");
    }
    trouble = found;
  }

  /** Trouble with one holds up no other. */
  private Optional<String> lookAt(Release release) {
    try {
      Optional<AutomaticStop> stop = rollouts.stopOf(release);
      if (stop.isPresent()) {
        RolloutFigures figures = rollouts.of(release);
        if (stop.get().isReached(figures.failed() + figures.silent(), figures.executed())) {
          end(release, stop.get(), figures);
        }
      }
      return Optional.empty();
    } catch (SignerException e) {
      // What was decided stays so, and follows; health of the catalogue tells why not yet.
      log.warn("{}: {}", release.name().subject(), e.getMessage());
      return e.type() == ProblemType.NOT_ANNOUNCED
          ? Optional.empty()
          : Optional.of(release.name() + ": " + e.getMessage());
    } catch (RuntimeException e) {
      log.error("{} is not watched now", release.name().subject(), e);
      return Optional.of(release.name() + " is not watched: see the log");
    }
  }

  private void end(Release release, AutomaticStop stop, RolloutFigures figures) {
    String why =
        figures.failed()
            + " of "
            + figures.executed()
            + " devices failed and "
            + figures.silent()
            + " fell silent: "
            + stop.thresholdPercentage()
            + " % of at least "
            + stop.minNumberOfExecutedThings()
            + " ends the rollout";
    Map<String, String> details = new LinkedHashMap<>(figures.details());
    details.put("thresholdPercentage", Integer.toString(stop.thresholdPercentage()));
    details.put("minNumberOfExecutedThings", Integer.toString(stop.minNumberOfExecutedThings()));
    stop.silence().ifPresent(w -> details.put("silenceHours", Long.toString(w.toHours())));
    ReleaseState next =
        stop.action() == AutomaticStop.Action.STOP ? ReleaseState.STOPPED : ReleaseState.PAUSED;
    if (releases.halt(release.name(), next, why, details)) {
      log.warn("{} is {} by the service: {}", release.name().subject(), next.code(), why);
    }
  }
}
