package dev.otasigner.keys.soft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlowLaneTests {
  private static final SigningInput MESSAGE =
      SigningInput.message("firmware".getBytes(StandardCharsets.US_ASCII));

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void halfTheProcessorsServeSomeWaitAndTheRestAreToldToComeAgain() throws Exception {
    SlowLane lane = new SlowLane(4);
    CountDownLatch held = new CountDownLatch(1);
    AtomicInteger served = new AtomicInteger();
    List<Future<byte[]>> asked = new ArrayList<>();
    try {
      for (int i = 0; i < 16; i++) {
        asked.add(threads.submit(() -> lane.sign(() -> held(served, held))));
      }
      while (lane.underWay() < 16 || served.get() < 2) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> lane.sign(() -> new byte[0]))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("16 are asked for already");
      assertThat(served).hasValue(2);
    } finally {
      held.countDown();
    }
    for (Future<byte[]> one : asked) {
      assertThat(one.get(10, TimeUnit.SECONDS)).containsExactly(7);
    }
    assertThat(lane.sign(() -> new byte[] {1})).containsExactly(1);
    assertThat(lane.underWay()).isZero();
  }

  private static byte[] held(AtomicInteger served, CountDownLatch until) {
    served.incrementAndGet();
    try {
      if (!until.await(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody let it go");
      }
      return new byte[] {7};
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFailedSignatureGivesItsPlaceBack() {
    SlowLane lane = new SlowLane(1);
    assertThatThrownBy(
            () ->
                lane.sign(
                    () -> {
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    assertThat(lane.underWay()).isZero();
  }

  @Test
  void aTokenBusyWithSlhDsaTellsTheNextToComeAgainAndSignsWithItsOtherKeys(@TempDir Path directory)
      throws Exception {
    int most = 8 * Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    try (Passphrase passphrase = Passphrase.ofPrompt("starved".toCharArray());
        SoftwareToken token =
            SoftwareToken.create(directory, passphrase, new Argon2Cost(8 * 1024, 1, 1))) {
      TokenKey slow = key(token, "slow", SignatureSuite.SLH_DSA_SHA2_128S);
      TokenKey usual = key(token, "usual", SignatureSuite.ED25519);
      byte[] message = MESSAGE.bytes().toByteArray();
      List<Future<byte[]>> burst = new ArrayList<>();
      for (int i = 0; i < most; i++) {
        burst.add(threads.submit(() -> token.sign(slow.keyId(), MESSAGE)));
      }
      while (token.slowSignaturesUnderWay() < most) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> token.sign(slow.keyId(), MESSAGE))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("ask again");
      usual.publicKey().verify(message, token.sign(usual.keyId(), MESSAGE));
      for (Future<byte[]> one : burst) {
        slow.publicKey().verify(message, one.get(60, TimeUnit.SECONDS));
      }
    }
  }

  private static TokenKey key(SoftwareToken token, String name, SignatureSuite suite) {
    return token.generate(new KeySpec(name, suite, KeyPurpose.MANIFEST));
  }
}
