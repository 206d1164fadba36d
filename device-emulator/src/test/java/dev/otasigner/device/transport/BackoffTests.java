package dev.otasigner.device.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTests {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration CAP = Duration.ofMinutes(5);

  private static List<Duration> waits(long seed, int failures) {
    Backoff backoff = new Backoff(FIRST, CAP, seed);
    return IntStream.range(0, failures).mapToObj(i -> backoff.failed()).toList();
  }

  /** The longest of many devices' waits after each failure. */
  private static List<Duration> longest(int failures) {
    List<Duration> longest =
        new ArrayList<>(java.util.Collections.nCopies(failures, Duration.ZERO));
    for (int seed = 0; seed < 2000; seed++) {
      List<Duration> one = waits(seed, failures);
      for (int i = 0; i < failures; i++) {
        longest.set(i, one.get(i).compareTo(longest.get(i)) > 0 ? one.get(i) : longest.get(i));
      }
    }
    return longest;
  }

  @Test
  void boundDoublesWithEachFailure() {
    List<Duration> longest = longest(6);
    for (int i = 0; i < 6; i++) {
      Duration bound = FIRST.multipliedBy(1L << i);
      assertThat(longest.get(i)).isBetween(bound.multipliedBy(9).dividedBy(10), bound);
    }
  }

  @Test
  void waitIsAnythingFromNothingToTheBound() {
    long[] halves = new long[2];
    for (int seed = 0; seed < 2000; seed++) {
      halves[waits(seed, 1).get(0).compareTo(FIRST.dividedBy(2)) < 0 ? 0 : 1]++;
    }
    assertThat(halves[0]).isBetween(850L, 1150L);
  }

  @Test
  void noWaitIsLongerThanTheCapHoweverManyFailures() {
    assertThat(waits(7, 500)).allMatch(w -> w.compareTo(CAP) <= 0);
    assertThat(longest(12).get(11)).isGreaterThan(CAP.multipliedBy(9).dividedBy(10));
  }

  @Test
  void waitIsShortAgainAfterASuccess() {
    for (int seed = 0; seed < 200; seed++) {
      Backoff backoff = new Backoff(FIRST, CAP, seed);
      for (int i = 0; i < 9; i++) {
        backoff.failed();
      }
      assertThat(backoff.failures()).isEqualTo(9);
      backoff.succeeded();
      assertThat(backoff.failures()).isZero();
      assertThat(backoff.failed()).isLessThanOrEqualTo(FIRST);
    }
  }

  @Test
  void equalSeedsGiveEqualWaitsAndOthersGiveOthers() {
    assertThat(waits(1, 20)).isEqualTo(waits(1, 20)).isNotEqualTo(waits(2, 20));
  }

  @Test
  void serverThatSaysWhenIsNotAskedBeforeAndNotByAllAtOnce() {
    Duration wish = Duration.ofMinutes(10);
    List<Duration> waits =
        IntStream.range(0, 200)
            .mapToObj(seed -> new Backoff(FIRST, CAP, seed).failed(Optional.of(wish)))
            .toList();
    assertThat(waits).allMatch(w -> w.compareTo(wish) >= 0 && w.compareTo(wish.plus(FIRST)) <= 0);
    assertThat(waits.stream().distinct().count()).isGreaterThan(100);
  }

  @Test
  void serverThatSaysNothingChangesNothing() {
    assertThat(new Backoff(FIRST, CAP, 3).failed(Optional.empty()))
        .isEqualTo(new Backoff(FIRST, CAP, 3).failed());
  }

  @Test
  void serverCannotSendADeviceAwayForEver() {
    Backoff backoff = new Backoff(FIRST, CAP, 3);
    Duration forEver = Duration.ofSeconds(Integer.MAX_VALUE);
    Duration longest = Backoff.LONGEST_WISH.multipliedBy(11).dividedBy(10);
    assertThat(backoff.failed(Optional.of(forEver))).isLessThanOrEqualTo(longest);
    assertThat(backoff.succeeded(forEver)).isLessThanOrEqualTo(longest);
  }

  @Test
  void wishAfterASuccessIsSpreadByATenth() {
    Duration wish = Duration.ofHours(1);
    List<Duration> waits =
        IntStream.range(0, 200)
            .mapToObj(seed -> new Backoff(FIRST, CAP, seed).succeeded(wish))
            .toList();
    assertThat(waits).allMatch(w -> w.compareTo(wish) >= 0);
    assertThat(waits).allMatch(w -> w.compareTo(wish.plusMinutes(6)) <= 0);
    assertThat(waits.stream().distinct().count()).isGreaterThan(100);
  }

  @Test
  void negativeWishIsNone() {
    Backoff backoff = new Backoff(FIRST, CAP, 3);
    assertThat(backoff.succeeded(Duration.ofSeconds(-5))).isZero();
    assertThat(backoff.failed(Optional.of(Duration.ofSeconds(-5)))).isLessThanOrEqualTo(FIRST);
  }

  @Test
  void backoffThatWaitsForNothingOrForEverIsNone() {
    assertThatThrownBy(() -> new Backoff(Duration.ZERO, CAP, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Backoff(CAP, FIRST, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Backoff(FIRST, Duration.ofDays(8), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
