package dev.otasigner.keys;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a holder has shown no life. Between two looks no more than twice the usual pause is
 * counted: whoever was frozen itself has not been listening meanwhile.
 */
final class Silence {
  private final Lease lease;
  private @Nullable String sign;
  private long lookedAt;
  private Duration silent = Duration.ZERO;

  Silence(Lease lease) {
    this.lease = lease;
  }

  /**
   * A look.
   *
   * @param seen the holder and its last sign of life
   * @param nanos by a clock that nobody sets
   * @return whether the lease is over
   */
  boolean isOver(String seen, long nanos) {
    if (!seen.equals(sign)) {
      sign = seen;
      silent = Duration.ZERO;
    } else {
      Duration most = lease.look().multipliedBy(2);
      Duration since = Duration.ofNanos(nanos - lookedAt);
      silent = silent.plus(since.compareTo(most) > 0 ? most : since);
    }
    lookedAt = nanos;
    return silent.compareTo(lease.silence()) >= 0;
  }

  /** What was counted up to the last look. */
  Duration length() {
    return silent;
  }
}
