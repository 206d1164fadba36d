package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.stereotype.Component;

/**
 * Slows guessing down. After {@value #FREE} failures in a row, a user at an address waits one
 * second, then two, then four, up to a quarter of an hour. An address with many failures over all
 * users waits too, up to half a minute, but for those users who have signed in from there before:
 * many people may be behind one proxy. Nobody can lock a user out from another address. An IPv6
 * address counts as its /64. Kept in memory, so much and no more: a restart forgets it.
 */
@Component
public class Attempts {
  static final int FREE = 5;
  private static final int FREE_PER_ADDRESS = 50;
  private static final Duration LONGEST = Duration.ofMinutes(15);
  private static final Duration LONGEST_PER_ADDRESS = Duration.ofSeconds(30);
  static final Duration FORGOTTEN = Duration.ofHours(1);
  private static final int MAX_ENTRIES = 10_000;

  /** Longer than a product with a device. */
  private static final int MAX_NAME = 128;

  private final Clock clock;
  private final Map<Source, Failures> failures = new Recent<>();

  /** Who has signed in, and from where. */
  private final Map<Source, Boolean> welcome = new Recent<>();

  Attempts(Clock clock) {
    this.clock = clock;
  }

  /** What guessing meets, in a sentence. */
  static String slowed() {
    return "After "
        + FREE
        + " failures in a row a user at one address waits, twice as long each time, up to "
        + LONGEST.toMinutes()
        + " minutes; after "
        + FREE_PER_ADDRESS
        + " failures an address waits up to "
        + LONGEST_PER_ADDRESS.toSeconds()
        + " seconds, but for users who have signed in from there.";
  }

  /** A user at an address, or with an empty user an address alone. */
  private record Source(String user, String address) {
    Source {
      address = SourceAddress.of(address);
    }
  }

  private record Failures(int count, Instant last) {
    Instant nextAllowed(int free, Duration longest) {
      if (count < free) {
        return Instant.MIN;
      }
      long seconds = 1L << Math.min(count - free, 20);
      return last.plusSeconds(Math.min(seconds, longest.toSeconds()));
    }
  }

  /** The entries used last, and no more of them than there is room for. */
  private static final class Recent<V> extends LinkedHashMap<Source, V> {
    private static final long serialVersionUID = 1L;

    Recent() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Source, V> eldest) {
      return size() > MAX_ENTRIES;
    }
  }

  /** What no user and no device can be called is not remembered at whatever length it came. */
  private static Source source(String user, String address) {
    return new Source(user.length() <= MAX_NAME ? user : "?", address);
  }

  /** Refuses an attempt that comes too early. */
  public synchronized void requireAllowed(String user, String address) {
    Instant now = clock.instant();
    Source source = source(user, address);
    requireAllowed(source, FREE, LONGEST, now);
    if (!welcome.containsKey(source)) {
      requireAllowed(new Source("", address), FREE_PER_ADDRESS, LONGEST_PER_ADDRESS, now);
    }
  }

  private void requireAllowed(Source source, int free, Duration longest, Instant now) {
    Failures known = failures.get(source);
    if (known == null) {
      return;
    }
    if (known.last.plus(FORGOTTEN).isBefore(now)) {
      failures.remove(source);
      return;
    }
    Instant next = known.nextAllowed(free, longest);
    if (next.isAfter(now)) {
      long wait = Math.max(1, Duration.between(now, next).toSeconds());
      throw new SignerException(
          ProblemType.TOO_MANY_ATTEMPTS,
          "try again in " + wait + " s",
          Map.of("retryAfterSeconds", new Json.Num(wait)));
    }
  }

  synchronized int remembered() {
    return failures.size() + welcome.size();
  }

  public synchronized void failed(String user, String address) {
    Instant now = clock.instant();
    count(source(user, address), now);
    count(new Source("", address), now);
  }

  private void count(Source source, Instant now) {
    Failures known = failures.get(source);
    failures.put(source, new Failures(known == null ? 1 : known.count + 1, now));
  }

  public synchronized void succeeded(String user, String address) {
    failures.remove(source(user, address));
    welcome.put(source(user, address), true);
    // Many people may share an address; those who get in speak for the others.
    failures.computeIfPresent(
        new Source("", address),
        (source, known) -> known.count < 2 ? null : new Failures(known.count / 2, known.last));
  }
}
