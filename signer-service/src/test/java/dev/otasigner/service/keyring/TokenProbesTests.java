package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TokenProbesTests {
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
  private boolean away;

  private void probe(TokenName token) {
    made.incrementAndGet();
    if (away) {
      throw new SignerException(ProblemType.TOKEN_UNAVAILABLE, token.code());
    }
  }

  private final TokenProbes probes = new TokenProbes(this::probe, nanos::get);

  @Test
  void tenCallsMakeOneProbe() {
    for (int i = 0; i < 10; i++) {
      assertThat(probes.refusal(TokenName.HSM)).isEmpty();
    }
    assertThat(made).hasValue(1);
  }

  @Test
  void tenCallsOfATokenThatIsAwayMakeOneProbe() {
    away = true;
    for (int i = 0; i < 10; i++) {
      assertThat(probes.refusal(TokenName.HSM)).isPresent();
    }
    assertThat(made).hasValue(1);
  }

  @Test
  void tenCallsAtOnceMakeOneProbe() throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  probes.refusal(TokenName.HSM);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(made).hasValue(1);
  }

  @Test
  void aTokenIsAskedAgainWhenItsAnswerIsOld() {
    assertThat(probes.refusal(TokenName.HSM)).isEmpty();
    away = true;
    nanos.addAndGet(TokenProbes.HOLDS.toNanos() - 1);
    assertThat(probes.refusal(TokenName.HSM)).isEmpty();
    nanos.incrementAndGet();
    assertThat(probes.refusal(TokenName.HSM)).isPresent();
    assertThat(made).hasValue(2);
  }

  @Test
  void eachTokenIsAskedForItself() {
    probes.refusal(TokenName.HSM);
    probes.refusal(TokenName.SOFTWARE);
    assertThat(made).hasValue(2);
  }
}
