package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A server that answers, but so slowly that it holds the client. Time passes with what is read. */
class SlowRetrievalTests {
  private static final Pace PACE = new Pace(Duration.ofSeconds(30), 512);

  private final RepositorySimulator repository = new RepositorySimulator();
  private long nanos = 1_000;
  private int reads;

  /** Gives so many bytes at a time, each after a pause. */
  private InputStream dripping(byte[] bytes, int atOnce, Duration pause) {
    return new FilterInputStream(new ByteArrayInputStream(bytes)) {
      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        reads++;
        nanos += pause.toNanos();
        return super.read(into, from, Math.min(length, atOnce));
      }
    };
  }

  private int copy(int size, int atOnce, Duration pause) throws IOException, RejectedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Fetcher.copy(dripping(new byte[size], atOnce, pause), size, out, PACE, () -> nanos);
    return out.size();
  }

  /** Never silent for as long as a read timeout of 30 s, and never done. */
  @Test
  void aServerThatDripsABytePerHalfMinuteIsGivenUp() throws Exception {
    byte[] root = repository.latest("root");
    MemoryStore store = new MemoryStore();
    Updater.trustRoot(store, root, Digest.of(root));
    repository.publishRoot();
    Fetcher slow =
        new Fetcher() {
          @Override
          public void fetch(String path, long maxBytes, OutputStream to)
              throws IOException, RejectedException {
            byte[] file = repository.files().get(path);
            if (file == null) {
              throw new NotFoundException(path);
            }
            InputStream in = dripping(file, 1, Duration.ofSeconds(29));
            Fetcher.copy(in, maxBytes, to, PACE, () -> nanos);
          }
        };
    Updater updater =
        new Updater(
            store, slow, TufLimits.COMMON, LineagePolicy.tufAlone(), RepositorySimulator.START);
    assertThatIOException().isThrownBy(updater::refresh).withMessageContaining("too slow");
    assertThat(reads).isEqualTo(2);
    assertThat(store.load("root")).hasValue(root);
  }

  @Test
  void aStreamJustBelowTheRateIsGivenUpWhenPatienceEnds() {
    assertThatIOException().isThrownBy(() -> copy(1 << 20, 511, Duration.ofSeconds(1)));
    assertThat(reads).isEqualTo(31);
  }

  @Test
  void aStreamAtTheRateIsTakenHoweverLongItIs() throws Exception {
    assertThat(copy(1 << 20, 512, Duration.ofSeconds(1))).isEqualTo(1 << 20);
  }

  @Test
  void whatEndsWithinPatienceMayBeSlow() throws Exception {
    assertThat(copy(3, 1, Duration.ofSeconds(7))).isEqualTo(3);
  }

  @Test
  void aFastBeginningBuysNoEndlessDrip() {
    InputStream burst =
        new java.io.SequenceInputStream(
            new ByteArrayInputStream(new byte[512 * 100]),
            dripping(new byte[1000], 1, Duration.ofSeconds(10)));
    assertThatIOException()
        .isThrownBy(
            () -> Fetcher.copy(burst, 1 << 20, new ByteArrayOutputStream(), PACE, () -> nanos));
    assertThat(reads).isBetween(10, 11);
  }

  @Test
  void aPaceDemandsSomething() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Pace(Duration.ZERO, 512));
    assertThatIllegalArgumentException().isThrownBy(() -> new Pace(Duration.ofNanos(-1), 512));
    assertThatIllegalArgumentException().isThrownBy(() -> new Pace(Duration.ofSeconds(1), 0));
    assertThat(new Pace(Duration.ofNanos(1), 1).minBytesPerSecond()).isOne();
  }

  @Test
  void patienceEndsAfterItsLastMoment() throws Exception {
    assertThat(copy(1, 1, Duration.ofSeconds(30))).isEqualTo(1);
    assertThatIOException().isThrownBy(() -> copy(1, 1, Duration.ofSeconds(30).plusNanos(1)));
  }

  @Test
  void aStreamThatIsReadByteByByteIsWatchedToo() throws Exception {
    InputStream sound = PACE.watch(new ByteArrayInputStream(new byte[] {(byte) 0xff}), () -> nanos);
    assertThat(sound.read()).isEqualTo(0xff);
    assertThat(sound.read()).isEqualTo(-1);
    InputStream slow = PACE.watch(dripping(new byte[9], 1, Duration.ofSeconds(31)), () -> nanos);
    assertThatIOException().isThrownBy(slow::read).withMessageContaining("too slow");
  }
}
