package dev.otasigner.service.access;

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
  void addressThatTriesManyUsersWaits() {
    for (int i = 0; i < 50; i++) {
      fail(1, "user" + i, "attacker");
    }
    assertThatThrownBy(() -> attempts.requireAllowed("fresh", "attacker"))
        .isInstanceOf(SignerException.class);
  }

  @Test
  void successForgetsTheUsersFailures() {
    fail(5, "alice", "a");
    attempts.succeeded("alice", "a");
    assertThatCode(() -> attempts.requireAllowed("alice", "a")).doesNotThrowAnyException();
  }
}
