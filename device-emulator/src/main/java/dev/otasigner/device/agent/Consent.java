package dev.otasigner.device.agent;

import dev.otasigner.verifier.ImageVersion;
import java.time.Duration;
import java.util.Optional;

/** Whether an upgrade that is on offer is taken now; asked before anything of it is downloaded. */
@FunctionalInterface
public interface Consent {
  /** Nothing runs that an upgrade could disturb. */
  Consent AT_ONCE = offered -> new Take();

  Answer asked(ImageVersion offered);

  /** What whoever is disturbed says. */
  sealed interface Answer {}

  record Take() implements Answer {}

  /**
   * Not now.
   *
   * @param time for how long, positive; nothing is until the next boot
   */
  record Defer(Optional<Duration> time) implements Answer {
    public Defer {
      if (time.isPresent() && (time.get().isNegative() || time.get().isZero())) {
        throw new IllegalArgumentException("an upgrade is deferred for a while, or taken");
      }
    }

    public static Defer untilNextBoot() {
      return new Defer(Optional.empty());
    }

    public static Defer by(Duration wait) {
      return new Defer(Optional.of(wait));
    }
  }
}
