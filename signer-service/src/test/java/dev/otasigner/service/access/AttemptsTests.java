package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.MovingClock;
import dev.otasigner.service.problem.SignerException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AttemptsTests {
  private final MovingClock clock = new MovingClock();
  private final Attempts attempts = new Attempts(clock);

  private void fail(int times, String user, String address) {
    for (int i = 0; i < times; i++) {
      attempts.failed(user, address);
    }
  }

  @Test
  void waitDoublesWithEachFailureUpToAQuarterOfAnHour() {
    fail(8, "alice", "a");
    clock.advance(Duration.ofSeconds(6));
    assertThatThrownBy(() -> attempts.requireAllowed("alice", "a"))
        .isInstanceOf(SignerException.class);
    clock.advance(Duration.ofSeconds(4));
    assertThatCode(() -> attempts.requireAllowed("alice", "a")).doesNotThrowAnyException();
    fail(30, "alice", "a");
    clock.advance(Duration.ofMinutes(16));
    assertThatCode(() -> attempts.requireAllowed("alice", "a")).doesNotThrowAnyException();
  }

  @Test
  void nobodyIsLockedOutFromAnotherAddress() {
    fail(40, "alice", "attacker");
    assertThatCode(() -> attempts.requireAllowed("alice", "home")).doesNotThrowAnyException();
  }

  @Test
  void addressesOfOneIpv6NetworkWaitTogether() {
    for (int i = 0; i < 8; i++) {
      fail(1, "alice", "2001:db8:1:2::" + i);
    }
    assertThatThrownBy(() -> attempts.requireAllowed("alice", "2001:db8:1:2:9:9:9:9"))
        .isInstanceOf(SignerException.class);
    assertThatCode(() -> attempts.requireAllowed("alice", "2001:db8:1:3::1"))
        .doesNotThrowAnyException();
  }

  @Test
  void addressThatTriesManyUsersWaits() {
    for (int i = 0; i < 50; i++) {
      fail(1, "user" + i, "attacker");
    }
    assertThatThrownBy(() -> attempts.requireAllowed("fresh", "attacker"))
        .isInstanceOf(SignerException.class);
  }

  /** They are behind one proxy; the one who guesses is behind it too. */
  @Test
  void whoeverHasSignedInFromAnAddressIsNotHeldUpByOthersThere() {
    attempts.succeeded("alice", "proxy");
    for (int i = 0; i < 500; i++) {
      fail(1, "user" + i, "proxy");
    }
    assertThatCode(() -> attempts.requireAllowed("alice", "proxy")).doesNotThrowAnyException();
    assertThatThrownBy(() -> attempts.requireAllowed("bob", "proxy"))
        .isInstanceOf(SignerException.class);
    fail(8, "alice", "proxy");
    assertThatThrownBy(() -> attempts.requireAllowed("alice", "proxy"))
        .isInstanceOf(SignerException.class);
  }

  @Test
  void addressWaitsHalfAMinuteAtMost() {
    for (int i = 0; i < 500; i++) {
      fail(1, "user" + i, "proxy");
    }
    clock.advance(Duration.ofSeconds(31));
    assertThatCode(() -> attempts.requireAllowed("bob", "proxy")).doesNotThrowAnyException();
  }

  /** What is remembered of a name is bounded however long it is, and so is how many there are. */
  @Test
  void memoryIsBounded() {
    for (int i = 0; i < 25_000; i++) {
      attempts.failed("user-" + i, "address-" + i);
      attempts.succeeded("user-" + i, "other-" + i);
    }
    assertThat(attempts.remembered()).isLessThanOrEqualTo(20_000);
    fail(8, "x".repeat(1_000_000), "a");
    assertThatThrownBy(() -> attempts.requireAllowed("y".repeat(1_000_000), "a"))
        .isInstanceOf(SignerException.class);
  }

  @Test
  void successForgetsTheUsersFailures() {
    fail(5, "alice", "a");
    attempts.succeeded("alice", "a");
    assertThatCode(() -> attempts.requireAllowed("alice", "a")).doesNotThrowAnyException();
  }

  @Test
  void failuresAreForgottenAfterAnHour() {
    fail(30, "alice", "a");
    clock.advance(Duration.ofMinutes(61));
    attempts.requireAllowed("alice", "a");
    fail(1, "alice", "a");
    assertThatCode(() -> attempts.requireAllowed("alice", "a")).doesNotThrowAnyException();
  }
}
