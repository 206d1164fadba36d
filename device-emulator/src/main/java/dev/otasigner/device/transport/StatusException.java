package dev.otasigner.device.transport;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The server answered with another status than the one hoped for. */
public final class StatusException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final @Nullable Duration retryAfter;
  private final @Nullable Long sequence;

  public StatusException(String path, int status, String detail) {
    this(path, status, detail, Optional.empty());
  }

  public StatusException(String path, int status, String detail, Optional<Duration> retryAfter) {
    this(path, status, detail, retryAfter, Optional.empty());
  }

  StatusException(
      String path,
      int status,
      String detail,
      Optional<Duration> retryAfter,
      Optional<Long> sequence) {
    super(path + ": HTTP " + status + (detail.isEmpty() ? "" : ": " + detail));
    this.status = status;
    this.retryAfter = retryAfter.orElse(null);
    this.sequence = sequence.orElse(null);
  }

  /** The number of the latest check-in that the server has heard, if it says so. */
  public Optional<Long> sequence() {
    return Optional.ofNullable(sequence);
  }

  /** When the server would like to be asked again (RFC 9110 section 10.2.3). */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  public int status() {
    return status;
  }
}
