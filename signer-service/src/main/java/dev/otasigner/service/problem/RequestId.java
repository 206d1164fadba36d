package dev.otasigner.service.problem;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** The number of a call, by which its answer and its lines in the log find each other. */
public final class RequestId {
  public static final String HEADER = "X-Request-Id";

  /** Under which the log keeps it. */
  public static final String KEY = "request";

  private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9._-]{8,64}");

  private RequestId() {}

  /** The client's own, if it is one that may stand in a log; else a new one. */
  public static String of(@Nullable String offered) {
    return offered != null && WELL_FORMED.matcher(offered).matches()
        ? offered
        : UUID.randomUUID().toString();
  }

  /** Of the call that this thread serves. */
  static Optional<String> current() {
    return Optional.ofNullable(MDC.get(KEY));
  }
}
