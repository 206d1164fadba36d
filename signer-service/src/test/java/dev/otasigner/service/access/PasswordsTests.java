package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PasswordsTests {
  private final Passwords passwords = new Passwords();

  @Test
  void floodOfPasswordsTakesTwoSeatsAndFewPlacesAndTheRestIsSentAway() throws Exception {
    int fit = 2 + Passwords.WAITING;
    CountDownLatch full = new CountDownLatch(2);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger working = new AtomicInteger();
    ExecutorService clients = Executors.newFixedThreadPool(fit);
    try {
      List<Future<Integer>> all = new ArrayList<>();
      for (int i = 0; i < fit; i++) {
        all.add(clients.submit(() -> passwords.inTurn(() -> work(working, full, end))));
      }
      full.await();
      while (passwords.placesLeft() > 0) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> passwords.hash("one more password"))
          .isInstanceOfSatisfying(
              SignerException.class,
              e -> {
                assertThat(e.type()).isEqualTo(ProblemType.TOO_MANY_REQUESTS);
                assertThat(e.members()).containsKey("retryAfterSeconds");
              });
      end.countDown();
      for (Future<Integer> one : all) {
        assertThat(one.get()).isLessThanOrEqualTo(2);
      }
      assertThat(passwords.hash("now there is room")).startsWith("$argon2id$");
    } finally {
      end.countDown();
      clients.shutdownNow();
    }
  }

  /** Halves of a surrogate pair can be written in JSON, and have no bytes to be hashed. */
  @Test
  void whatIsNoTextIsNoPassword() {
    String hash = passwords.hash("a good password");
    for (String half : List.of("\ud800", "\udc00\ud800", "a good passwor\ud83d")) {
      assertThat(passwords.matches(half, hash)).isFalse();
      passwords.matchNobody(half);
    }
    assertThatThrownBy(() -> Passwords.requireAcceptable("alice", "a good password\udc00"))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.BAD_REQUEST));
    Passwords.requireAcceptable("alice", "a good password \ud83d\udd11");
  }

  private static int work(AtomicInteger working, CountDownLatch full, CountDownLatch end) {
    int now = working.incrementAndGet();
    full.countDown();
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    working.decrementAndGet();
    return now;
  }
}
