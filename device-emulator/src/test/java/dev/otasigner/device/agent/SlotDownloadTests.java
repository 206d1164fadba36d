package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A download whose answers break off, fall short, or are other than was asked for. */
class SlotDownloadTests {
  private static final int SECTOR = 1024;
  private static final byte[] FILE = new byte[10 * SECTOR + 100];

  static {
    new Random(11).nextBytes(FILE);
  }

  private final FlashRegion slot =
      Flash.inMemory(FlashLayout.of(8, (byte) 0xff, 16 * SECTOR, SECTOR)).region(Region.SECONDARY);
  private final List<Long> asked = new ArrayList<>();

  /** What the server does with one request. */
  private interface Answer {
    Server.Download to(long offset) throws IOException;
  }

  private static InputStream bytes(long from, long to) {
    return new ByteArrayInputStream(FILE, (int) from, (int) (to - from));
  }

  /** The rest of the file, by range. */
  private static Server.Download rest(long offset) {
    return new Server.Download(bytes(offset, FILE.length), offset, FILE.length);
  }

  /** As much as this, then the connection breaks. */
  private static Answer breakingAfter(int count) {
    return offset ->
        new Server.Download(
            new SequenceInputStream(bytes(offset, offset + count), new Broken()),
            offset,
            FILE.length);
  }

  private static final class Broken extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("broke");
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      throw new IOException("broke");
    }
  }

  private Server server(Answer... answers) {
    Deque<Answer> left = new ArrayDeque<>(List.of(answers));
    return new Server() {
      @Override
      public byte[] get(String path, long maxBytes) {
        throw new AssertionError();
      }

      @Override
      public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes) {
        throw new AssertionError();
      }

      @Override
      public Download download(String path, long offset) throws IOException {
        asked.add(offset);
        return left.size() > 1 ? left.remove().to(offset) : left.element().to(offset);
      }

      @Override
      public Optional<Negotiated> negotiated() {
        return Optional.empty();
      }

      @Override
      public void close() {
        // Nothing is open.
      }
    };
  }

  private void download(Answer... answers) throws IOException, RejectedException {
    new SlotDownload(slot, TargetFile.of("image", FILE)).run(server(answers), "/image");
    assertThat(slot.read(0, FILE.length)).isEqualTo(FILE);
  }

  private Reason refused(Answer... answers) {
    try {
      download(answers);
    } catch (RejectedException e) {
      return e.reason();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("taken");
  }

  @Test
  void goesOnAfterEachBreakFromTheLastUnitWritten() throws Exception {
    download(
        breakingAfter(3 * SECTOR + 7),
        breakingAfter(2 * SECTOR),
        offset -> {
          throw new IOException("reset");
        },
        SlotDownloadTests::rest);
    assertThat(asked).containsExactly(0L, 3L * SECTOR, 5L * SECTOR, 5L * SECTOR);
  }

  @Test
  void serverWithoutRangesBeginsAgainAndNothingIsWrittenTwice() throws Exception {
    download(
        breakingAfter(5 * SECTOR),
        offset -> new Server.Download(bytes(0, FILE.length), 0, FILE.length));
    assertThat(asked).containsExactly(0L, 5L * SECTOR);
  }

  @Test
  void shorterRangeThanAskedForIsGoneOnFrom() throws Exception {
    download(
        breakingAfter(2 * SECTOR),
        offset -> new Server.Download(bytes(offset, offset + 4 * SECTOR), offset, FILE.length),
        SlotDownloadTests::rest);
    assertThat(asked).containsExactly(0L, 2L * SECTOR, 6L * SECTOR);
  }

  @Test
  void rangeOfAnUnknownWholeIsTaken() throws Exception {
    download(
        breakingAfter(2 * SECTOR),
        offset -> new Server.Download(bytes(offset, FILE.length), offset, -1));
  }

  @Test
  void noProgressThreeTimesIsGivenUpAndWhatArrivedStays() {
    assertThatThrownBy(() -> download(breakingAfter(4 * SECTOR), breakingAfter(0)))
        .isInstanceOf(IOException.class)
        .hasMessage("broke");
    assertThat(asked).hasSize(4);
    asked.clear();
    assertThatThrownBy(() -> download(breakingAfter(0))).isInstanceOf(IOException.class);
    assertThat(asked).containsOnly(3L * SECTOR);
  }

  @Test
  void fileOfAnotherLengthIsRefusedBeforeItIsWritten() throws IOException {
    assertThat(refused(offset -> new Server.Download(bytes(0, 50), 0, 50)))
        .isEqualTo(Reason.TARGET_LENGTH_MISMATCH);
    assertThat(slot.isErased(0)).isTrue();
  }

  @Test
  void fileWhoseLengthChangesOnTheWayIsRefused() {
    assertThat(
            refused(
                breakingAfter(2 * SECTOR),
                offset ->
                    new Server.Download(bytes(offset, FILE.length), offset, FILE.length + 1L)))
        .isEqualTo(Reason.TARGET_LENGTH_MISMATCH);
  }

  @Test
  void fileThatEndsEarlyThoughNobodySaidSoIsRefused() {
    assertThat(refused(offset -> new Server.Download(bytes(0, 3 * SECTOR), 0, -1)))
        .isEqualTo(Reason.TARGET_LENGTH_MISMATCH);
  }

  @Test
  void fileThatGoesOnIsRefused() {
    assertThat(
            refused(
                offset ->
                    new Server.Download(
                        new SequenceInputStream(bytes(0, FILE.length), bytes(0, 1)), 0, -1)))
        .isEqualTo(Reason.TARGET_LENGTH_MISMATCH);
  }

  @Test
  void rangeOfAnotherFileIsNoticedInFlash() {
    byte[] other = Arrays.copyOf(FILE, FILE.length);
    other[6 * SECTOR] ^= 1;
    assertThat(
            refused(
                breakingAfter(3 * SECTOR),
                offset ->
                    new Server.Download(
                        new ByteArrayInputStream(other, (int) offset, other.length - (int) offset),
                        offset,
                        other.length)))
        .isEqualTo(Reason.TARGET_DIGEST_MISMATCH);
  }

  // --- what an earlier start left

  /** Leaves what a start leaves whose connection broke after so much. */
  private void earlierStart(int bytes) {
    assertThatThrownBy(() -> download(breakingAfter(bytes), breakingAfter(0))).hasMessage("broke");
    asked.clear();
  }

  @Test
  void lastWriteOfAnEarlierStartIsComparedAndGoneOnFrom() throws Exception {
    earlierStart(3 * SECTOR + 80);
    download(SlotDownloadTests::rest);
    assertThat(asked).containsExactly(3L * SECTOR);
  }

  @Test
  void whatIsComparedCountsAsProgress() throws Exception {
    earlierStart(3 * SECTOR + 80);
    download(breakingAfter(16));
    assertThat(asked.subList(0, 3))
        .containsExactly(3L * SECTOR, 3L * SECTOR + 16, 3L * SECTOR + 32);
  }

  @Test
  void tornWriteOfAnEarlierStartIsFetchedAgainWithItsSector() throws Exception {
    earlierStart(3 * SECTOR);
    slot.write(3 * SECTOR, new byte[80]);
    download(SlotDownloadTests::rest);
    assertThat(asked).containsExactly(3L * SECTOR, 3L * SECTOR);
  }

  @Test
  void damageFurtherBackIsFetchedAgainWithAllTheRestOnce() throws Exception {
    earlierStart(5 * SECTOR);
    slot.erase(1);
    download(SlotDownloadTests::rest);
    assertThat(asked).containsExactly(4L * SECTOR, 0L);
  }

  @Test
  void fileThatIsAnotherAfterAFreshStartTooIsRefused() {
    earlierStart(5 * SECTOR);
    byte[] other = FILE.clone();
    other[6 * SECTOR] ^= 1;
    assertThat(
            refused(
                offset ->
                    new Server.Download(
                        new ByteArrayInputStream(other, (int) offset, other.length - (int) offset),
                        offset,
                        other.length)))
        .isEqualTo(Reason.TARGET_DIGEST_MISMATCH);
    assertThat(asked).containsExactly(4L * SECTOR, 0L);
  }
}
