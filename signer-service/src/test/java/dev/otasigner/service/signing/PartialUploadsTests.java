package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialUploadsTests {
  private static final String CLIENT = "api-key:ci";
  private static final Instant NOW = Instant.parse("2026-11-01T00:00:00Z");
  private static final byte[] FILE = bytes(1000, 7);
  private static final Digest DIGEST = Digest.of(FILE);

  @TempDir Path directory;

  private PayloadStore payloads;
  private PartialUploads uploads;

  @BeforeEach
  void open() throws IOException {
    payloads = new PayloadStore(directory, 10_000);
    uploads = new PartialUploads(payloads, milestone -> {}, Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static byte[] bytes(int count, int seed) {
    byte[] bytes = new byte[count];
    new java.util.Random(seed).nextBytes(bytes);
    return bytes;
  }

  private PartialUploads.Part send(String client, byte[] file, int from, int to)
      throws IOException {
    return uploads.receive(
        payload -> {},
        client,
        Digest.of(file),
        new ContentRange(from, to - 1, file.length),
        new ByteArrayInputStream(file, from, to - from));
  }

  /** The file's first bytes, and then a connection that is gone. */
  private void sendAndLose(String client, byte[] file, int bytes) {
    InputStream lost =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("Connection reset by peer");
          }

          @Override
          public int read(byte[] into, int from, int length) throws IOException {
            return read();
          }
        };
    assertThatThrownBy(
            () ->
                uploads.receive(
                    payload -> {},
                    client,
                    Digest.of(file),
                    new ContentRange(0, file.length - 1, file.length),
                    new SequenceInputStream(new ByteArrayInputStream(file, 0, bytes), lost)))
        .isInstanceOf(BrokenOffException.class)
        .hasMessage("broken off at byte " + bytes);
  }

  private static void assertConflict(ThrowingCallable call, String why) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.CONFLICT))
        .hasMessageContaining(why);
  }

  @Test
  void aFileThatComesInPiecesIsStoredUnderItsDigest() throws Exception {
    assertThat(send(CLIENT, FILE, 0, 400).isComplete()).isFalse();
    assertThat(send(CLIENT, FILE, 400, 999).received()).isEqualTo(999);
    assertThat(payloads.find(DIGEST)).as("no name before the last byte").isEmpty();
    assertThat(send(CLIENT, FILE, 999, 1000).isComplete()).isTrue();
    assertThat(payloads.read(DIGEST)).isEqualTo(FILE);
    assertThat(uploads.find(CLIENT, DIGEST)).isEmpty();
  }

  @Test
  void whatCameBeforeTheConnectionWasLostIsNotSentAgain() throws Exception {
    sendAndLose(CLIENT, FILE, 600);
    assertThat(uploads.find(CLIENT, DIGEST))
        .contains(new PartialUploads.Part(DIGEST, 600, FILE.length, false));
    send(CLIENT, FILE, 600, 1000);
    assertThat(payloads.read(DIGEST)).isEqualTo(FILE);
  }

  @Test
  void aBodyThatEndsEarlyIsKeptAsFarAsItCame() throws Exception {
    assertThatThrownBy(
            () ->
                uploads.receive(
                    payload -> {},
                    CLIENT,
                    DIGEST,
                    new ContentRange(0, 999, 1000),
                    new ByteArrayInputStream(FILE, 0, 10)))
        .isInstanceOf(BrokenOffException.class);
    assertThat(uploads.find(CLIENT, DIGEST)).get().extracting("received").isEqualTo(10L);
  }

  @Test
  void aPartIsThereAfterARestart() throws Exception {
    sendAndLose(CLIENT, FILE, 600);
    touch(NOW.minus(Duration.ofHours(23)));
    open();
    send(CLIENT, FILE, 600, 1000);
    assertThat(payloads.read(DIGEST)).isEqualTo(FILE);
  }

  @Test
  void aPartThatNobodyWentOnWithForADayIsRemoved() throws Exception {
    sendAndLose(CLIENT, FILE, 600);
    touch(NOW.minus(Duration.ofHours(25)));
    open();
    assertThat(uploads.find(CLIENT, DIGEST)).isEmpty();
    assertThat(files()).isEmpty();
  }

  @Test
  void otherBytesThanPromisedAreDropped() throws Exception {
    byte[] other = FILE.clone();
    other[500]++;
    assertThatThrownBy(
            () ->
                uploads.receive(
                    payload -> {},
                    CLIENT,
                    DIGEST,
                    new ContentRange(0, 999, 1000),
                    new ByteArrayInputStream(other)))
        .isInstanceOfSatisfying(
            SignerException.class,
            e -> assertThat(e.type()).isEqualTo(ProblemType.DIGEST_MISMATCH));
    assertThat(files()).isEmpty();
  }

  @Test
  void aPartDamagedOnDiskIsNotedAtItsEnd() throws Exception {
    send(CLIENT, FILE, 0, 600);
    Files.write(files().get(0), new byte[600]);
    assertThatThrownBy(() -> send(CLIENT, FILE, 600, 1000))
        .isInstanceOfSatisfying(
            SignerException.class,
            e -> assertThat(e.type()).isEqualTo(ProblemType.DIGEST_MISMATCH));
    assertThat(files()).isEmpty();
  }

  @Test
  void aPieceThatDoesNotFollowIsRefused() throws Exception {
    send(CLIENT, FILE, 0, 600);
    assertConflict(() -> send(CLIENT, FILE, 599, 700), "byte 600");
    assertConflict(() -> send(CLIENT, FILE, 601, 700), "byte 600");
    assertThat(uploads.find(CLIENT, DIGEST)).get().extracting("received").isEqualTo(600L);
  }

  @Test
  void aPieceOfAFileOfAnotherLengthDoesNotFollow() throws Exception {
    send(CLIENT, FILE, 0, 600);
    assertConflict(
        () ->
            uploads.receive(
                payload -> {},
                CLIENT,
                DIGEST,
                new ContentRange(600, 1999, 2000),
                new ByteArrayInputStream(new byte[1400])),
        "byte 0");
  }

  @Test
  void theFirstByteBeginsAnew() throws Exception {
    send(CLIENT, FILE, 0, 600);
    send(CLIENT, FILE, 0, 100);
    assertThat(uploads.find(CLIENT, DIGEST)).get().extracting("received").isEqualTo(100L);
    assertThat(files()).hasSize(1);
  }

  @Test
  void nobodyAddsToAnothersPart() throws Exception {
    send(CLIENT, FILE, 0, 600);
    assertConflict(() -> send("user:mallory", FILE, 600, 1000), "byte 0");
    assertThat(uploads.find("user:mallory", DIGEST)).isEmpty();
    assertThat(uploads.drop("user:mallory", DIGEST)).isFalse();
    send(CLIENT, FILE, 600, 1000);
    assertThat(payloads.read(DIGEST)).isEqualTo(FILE);
  }

  @Test
  void ofTwoWritersOfOnePartOneIsTurnedAway() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    InputStream slow =
        new FilterInputStream(new ByteArrayInputStream(FILE)) {
          @Override
          public int read(byte[] into, int from, int length) throws IOException {
            inside.countDown();
            try {
              mayEnd.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return super.read(into, from, length);
          }
        };
    ExecutorService first = Executors.newSingleThreadExecutor();
    try {
      Future<PartialUploads.Part> part =
          first.submit(
              () ->
                  uploads.receive(
                      payload -> {}, CLIENT, DIGEST, new ContentRange(0, 999, 1000), slow));
      inside.await();
      assertConflict(() -> send(CLIENT, FILE, 0, 1000), "coming in");
      assertConflict(() -> uploads.drop(CLIENT, DIGEST), "coming in");
      assertThat(uploads.find(CLIENT, DIGEST)).get().extracting("receiving").isEqualTo(true);
      mayEnd.countDown();
      assertThat(part.get().isComplete()).isTrue();
    } finally {
      mayEnd.countDown();
      first.shutdownNow();
    }
    assertThat(payloads.read(DIGEST)).isEqualTo(FILE);
  }

  @Test
  void aClientHasOnlySoManyUploadsUnderWay() throws Exception {
    for (int i = 0; i < PartialUploads.MAX_PARTS; i++) {
      send(CLIENT, bytes(10, 100 + i), 0, 5);
    }
    assertConflict(() -> send(CLIENT, FILE, 0, 5), "8 uploads of yours");
    send("user:other", FILE, 0, 5);
    assertThat(uploads.drop(CLIENT, Digest.of(bytes(10, 100)))).isTrue();
    send(CLIENT, FILE, 0, 5);
  }

  @Test
  void aClientHasOnlySoManyBytesUnderWay() throws Exception {
    send(CLIENT, bytes(10_000, 1), 0, 5);
    send(CLIENT, bytes(10_000, 2), 0, 5);
    assertConflict(() -> send(CLIENT, bytes(2, 3), 0, 1), "2 uploads of yours");
  }

  @Test
  void aFileOverTheLimitIsRefusedBeforeAByteIsRead() {
    assertThatThrownBy(() -> send(CLIENT, new byte[10_001], 0, 1))
        .isInstanceOf(PayloadStore.TooLargeException.class);
  }

  @Test
  void anEmptyFileIsAFile() throws Exception {
    send(CLIENT, new byte[0], 0, 0);
    assertThat(payloads.read(Digest.of(new byte[0]))).isEmpty();
  }

  @Test
  void noNameOfAClientIsAPath() throws Exception {
    send("user:../../x", FILE, 0, 5);
    assertThat(files()).allMatch(file -> file.startsWith(payloads.partial())).hasSize(1);
  }

  private void touch(Instant when) throws IOException {
    for (Path file : files()) {
      Files.setLastModifiedTime(file, FileTime.from(when));
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return Arrays.asList(walk.filter(Files::isRegularFile).toArray(Path[]::new));
    }
  }

  private void receiveWhole(PayloadStore.Arrival arrival) throws IOException {
    uploads.receive(
        arrival,
        CLIENT,
        DIGEST,
        new ContentRange(0, FILE.length - 1, FILE.length),
        new ByteArrayInputStream(FILE));
  }

  @Test
  void whatWasStoppedBeforeItHadItsNameIsSentAnew() throws Exception {
    assertThatThrownBy(
            () ->
                receiveWhole(
                    payload -> {
                      throw new IllegalStateException("killed");
                    }))
        .hasMessage("killed");
    assertThat(uploads.find(CLIENT, DIGEST)).isEmpty();
    receiveWhole(payload -> {});
    assertThat(payloads.find(DIGEST)).isPresent();
  }

  @Test
  void whatIsRefusedAtItsEndIsDropped() throws Exception {
    assertThatThrownBy(
            () ->
                receiveWhole(
                    payload -> {
                      throw SignerException.conflict("no more");
                    }))
        .hasMessage("no more");
    assertThat(payloads.find(DIGEST)).isEmpty();
    try (Stream<Path> left = Files.walk(directory)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }
}
