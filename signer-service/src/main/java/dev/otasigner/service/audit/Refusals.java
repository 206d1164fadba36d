package dev.otasigner.service.audit;

import dev.otasigner.service.access.Actor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;

/**
 * Keeps refusals from filling the log: anybody can be refused as often as they like. Within ten
 * minutes the first {@value #EACH} of one source and the first {@value #ALL} of all sources are
 * recorded one by one, for failed sign-ins and for other refused calls apart; the rest are counted,
 * and a record tells how many there were. Counts that are not yet written are lost with the
 * process.
 */
@Component
class Refusals {
  /** Of a source that did not say who it is. */
  static final int EACH = 10;

  /** Of all of them. */
  static final int ALL = 50;

  /** Of somebody who is signed in, and answers for it. */
  static final int KNOWN = 100;

  /** Sources that are counted apart; the others share a count. */
  static final int SOURCES = 10;

  static final Duration WINDOW = Duration.ofMinutes(10);

  private final Clock clock;
  private final Map<RecordKind, Window> windows = new EnumMap<>(RecordKind.class);

  /** Counts of times that are over, and were not given out yet. */
  private final List<Count> finished = new ArrayList<>();

  Refusals(Clock clock) {
    this.clock = clock;
  }

  /** What was not recorded one by one. */
  record Count(
      RecordKind kind, String source, long times, Instant first, Instant last, String subject) {
    Map<String, String> details() {
      return Map.of(
          "action", kind.code(),
          "times", Long.toString(times),
          "first", first.toString(),
          "last", last.toString(),
          "lastSubject", subject);
    }

    private Count and(Instant at, String newest) {
      return new Count(kind, source, times + 1, first, at, newest);
    }
  }

  private static final class Window {
    final Instant begin;
    final Map<String, Integer> recorded = new LinkedHashMap<>();
    final Map<String, Count> counted = new LinkedHashMap<>();
    int anonymous;

    Window(Instant begin) {
      this.begin = begin;
    }
  }

  /** Whether this refusal is recorded; else it is counted. */
  synchronized boolean isRecorded(RecordKind kind, Actor actor, String subject) {
    Instant now = clock.instant();
    Window window = windows.get(kind);
    if (window == null || isOver(window, now)) {
      if (window != null) {
        finished.addAll(window.counted.values());
      }
      window = new Window(now);
      windows.put(kind, window);
    }
    boolean nobody = actor.kind() == Actor.Kind.NOBODY;
    String source = actor.label();
    int before = window.recorded.getOrDefault(source, 0);
    if (before < (nobody ? EACH : KNOWN) && (!nobody || window.anonymous < ALL)) {
      window.recorded.put(source, before + 1);
      window.anonymous += nobody ? 1 : 0;
      return true;
    }
    String counted =
        window.counted.containsKey(source) || window.counted.size() < SOURCES ? source : "others";
    Count known = window.counted.get(counted);
    window.counted.put(
        counted,
        known == null ? new Count(kind, counted, 1, now, now, subject) : known.and(now, subject));
    return false;
  }

  /** The counts of all times that are over, or of all; each is given out once. */
  synchronized List<Count> over(boolean all) {
    Instant now = clock.instant();
    List<Count> over = new ArrayList<>(finished);
    finished.clear();
    windows
        .values()
        .removeIf(
            window -> {
              if (!all && !isOver(window, now)) {
                return false;
              }
              over.addAll(window.counted.values());
              return true;
            });
    return over;
  }

  private static boolean isOver(Window window, Instant now) {
    return !window.begin.plus(WINDOW).isAfter(now);
  }
}
