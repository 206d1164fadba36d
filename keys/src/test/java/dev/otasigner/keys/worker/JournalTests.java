package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTests {
  private static final Instant NOW = Instant.parse("2026-11-22T09:30:00Z");
  private static final Digest KEY = Digest.of(new byte[] {7});

  private static Intent intent(int request) {
    return new Intent(
        0,
        JournalEntry.GENESIS,
        Digest.of(new byte[] {(byte) request}),
        KEY,
        Digest.of(new byte[] {(byte) request, 1}),
        List.of(Digest.of(new byte[] {2})),
        NOW);
  }

  private static Outcome signed(long seq) {
    Bytes signature = Bytes.copyOf(new byte[] {(byte) seq});
    return new Outcome(
        seq,
        JournalEntry.GENESIS,
        Result.SIGNED,
        Optional.of(Digest.of(signature)),
        Optional.of(signature),
        Optional.empty());
  }

  private static Journal.Opened open(JournalFile disk, List<JournalEntry> seen) {
    return Journal.open(disk, () -> {}, seen::add, Journal.Mark.NONE);
  }

  private static Journal.Opened open(JournalFile disk) {
    return open(disk, new ArrayList<>());
  }

  /** Three uses of a key, each with its outcome. */
  private static byte[] written() {
    FakeDisk disk = new FakeDisk();
    Journal journal = open(disk).journal();
    for (int i = 1; i <= 3; i++) {
      journal.append(List.of(intent(i)));
      journal.append(List.of(signed(i)));
    }
    return disk.durable();
  }

  @Test
  void whatWasWrittenIsReadBackInOrder() {
    List<JournalEntry> seen = new ArrayList<>();
    Recovery recovery = open(new FakeDisk(written()), seen).recovery();
    assertThat(recovery).isEqualTo(new Recovery(3, 0, 0));
    assertThat(seen).hasSize(6);
    assertThat(((Intent) seen.get(2)).request()).isEqualTo(intent(2).request());
    assertThat(((Intent) seen.get(2)).approvals()).isEqualTo(intent(2).approvals());
    assertThat(((Outcome) seen.get(5)).stored()).contains(Bytes.copyOf(new byte[] {3}));
  }

  @Test
  void eachRecordNamesTheDigestOfTheOneBefore() {
    List<JournalEntry> seen = new ArrayList<>();
    open(new FakeDisk(written()), seen);
    assertThat(seen.get(0).prev()).isEqualTo(JournalEntry.GENESIS);
    for (int i = 1; i < seen.size(); i++) {
      assertThat(seen.get(i).prev()).isEqualTo(Digest.of(seen.get(i - 1).toJson().textBytes()));
    }
  }

  /** The frame of the wire contracts, spelt out: u32 length, u32 CRC-32C, JSON. */
  @Test
  void theFrameIsTheContracts() {
    byte[] json = "123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    byte[] frame = JournalFrame.encode(json);
    // The check value of CRC-32C over "123456789" is e3069283.
    assertThat(java.util.HexFormat.of().formatHex(frame))
        .startsWith("00000009" + "e3069283" + "31");
  }

  @Test
  void aTornEndIsCutKeptAndReported() {
    byte[] whole = written();
    int lastRecord = lastRecordAt(whole);
    // A length begins with zeroes, which alone are no record begun.
    for (int length = lastRecord + 4; length < whole.length; length++) {
      FakeDisk disk = new FakeDisk(Arrays.copyOf(whole, length));
      Recovery recovery = open(disk).recovery();
      assertThat(recovery.cutBytes()).isEqualTo(length - lastRecord);
      assertThat(recovery.interrupted()).isEqualTo(1);
      assertThat(disk.aside.get((long) lastRecord))
          .isEqualTo(Arrays.copyOfRange(whole, lastRecord, length));
      assertThat(open(new FakeDisk(disk.durable())).recovery()).isEqualTo(new Recovery(3, 0, 0));
    }
  }

  @Test
  void roomForMoreRecordsIsNoTornEnd() {
    byte[] whole = written();
    FakeDisk disk = new FakeDisk(Arrays.copyOf(whole, whole.length + 5000));
    assertThat(open(disk).recovery()).isEqualTo(new Recovery(3, 0, 0));
    assertThat(disk.durable()).isEqualTo(whole);
    assertThat(disk.aside).isEmpty();
  }

  @Test
  void aTornRecordInTheRoomIsCutAndKept() {
    byte[] whole = written();
    int lastRecord = lastRecordAt(whole);
    byte[] torn = Arrays.copyOf(Arrays.copyOf(whole, whole.length - 3), whole.length + 5000);
    FakeDisk disk = new FakeDisk(torn);
    assertThat(open(disk).recovery()).isEqualTo(new Recovery(3, 1, whole.length - 3 - lastRecord));
    assertThat(disk.aside.get((long) lastRecord))
        .isEqualTo(Arrays.copyOfRange(whole, lastRecord, whole.length - 3));
  }

  @Test
  void aRecordBehindRoomIsRefused() {
    byte[] whole = written();
    byte[] last = Arrays.copyOfRange(whole, lastRecordAt(whole), whole.length);
    byte[] torn = Arrays.copyOf(whole, whole.length + 100 + last.length);
    System.arraycopy(last, 0, torn, whole.length + 100, last.length);
    assertThatThrownBy(() -> open(new FakeDisk(torn)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("whole ones follow");
  }

  @Test
  void aFlippedBitBeforeTheLastRecordIsRefused() {
    byte[] whole = written();
    int lastRecord = lastRecordAt(whole);
    for (int i = 0; i < lastRecord; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) (1 << (i % 8));
      assertThatThrownBy(() -> open(new FakeDisk(damaged)))
          .as("byte %d", i)
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("whole ones follow");
    }
  }

  @Test
  void aRecordTakenOutIsNoticed() {
    byte[] whole = written();
    int second = JournalFrame.HEAD_BYTES + jsonLength(whole, 0);
    byte[] without = Arrays.copyOfRange(whole, second, whole.length);
    assertThatThrownBy(() -> open(new FakeDisk(without)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("follow");
  }

  /** Somebody rewrites a record and its checksum; the chain tells. */
  @Test
  void aRewrittenRecordIsNoticed() {
    byte[] whole = written();
    int length = jsonLength(whole, 0);
    byte[] json =
        Arrays.copyOfRange(whole, JournalFrame.HEAD_BYTES, JournalFrame.HEAD_BYTES + length);
    String text = new String(json, java.nio.charset.StandardCharsets.UTF_8);
    byte[] forged =
        JournalFrame.encode(
            text.replace("2026-11-22", "2026-11-21")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    byte[] all = whole.clone();
    System.arraycopy(forged, 0, all, 0, forged.length);
    assertThatThrownBy(() -> open(new FakeDisk(all)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("does not follow");
  }

  @Test
  void anIntentWithoutOutcomeIsClosedAsFailed() {
    FakeDisk disk = new FakeDisk();
    open(disk).journal().append(List.of(intent(1), intent(2)));
    List<JournalEntry> seen = new ArrayList<>();
    assertThat(open(new FakeDisk(disk.durable()), seen).recovery())
        .isEqualTo(new Recovery(2, 2, 0));
    assertThat(seen.subList(2, 4))
        .allSatisfy(e -> assertThat(((Outcome) e).outcome()).isEqualTo(Result.FAILED));
  }

  /** Wherever the disk gets full, nothing is acknowledged; with room again, writing goes on. */
  @Test
  void afterAFullDiskWritingGoesOnBehindTheLastWholeRecord() {
    int frame = written().length / 6;
    for (int more = 0; more < frame; more += 7) {
      FakeDisk disk = new FakeDisk(written());
      Journal journal = open(disk).journal();
      disk.roomBytes = (int) disk.sizeBytes() + more;
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> journal.append(List.of(intent(4))))
            .isInstanceOf(TokenUnavailable.class)
            .hasMessageContaining("No space left");
      }
      disk.roomBytes = Integer.MAX_VALUE;
      journal.requireUsable();
      assertThat(journal.append(List.of(intent(5)))).containsExactly(4L);
      journal.append(List.of(signed(4)));
      List<JournalEntry> seen = new ArrayList<>();
      assertThat(open(new FakeDisk(disk.durable()), seen).recovery())
          .isEqualTo(new Recovery(4, 0, 0));
      assertThat(((Intent) seen.get(6)).request()).isEqualTo(intent(5).request());
    }
  }

  @Test
  void anIntentThatAFullDiskTookButNobodyWasToldOfIsClosedAsFailed() {
    FakeDisk disk = new FakeDisk(written());
    List<JournalEntry> seen = new ArrayList<>();
    Journal journal = open(disk, seen).journal();
    disk.roomBytes = (int) disk.sizeBytes() + written().length / 3;
    assertThatThrownBy(() -> journal.append(List.of(intent(4), intent(5))))
        .isInstanceOf(TokenUnavailable.class);
    assertThat(seen).hasSize(6);
    disk.roomBytes = Integer.MAX_VALUE;
    journal.requireUsable();
    assertThat(seen).hasSize(8);
    assertThat(((Outcome) seen.get(7)).outcome()).isEqualTo(Result.FAILED);
    assertThat(open(new FakeDisk(disk.durable())).recovery()).isEqualTo(new Recovery(4, 0, 0));
  }

  @Test
  void aJournalThatLostARecordWhileTheDiskWasFullIsNotWritten() {
    FakeDisk disk = new FakeDisk();
    Journal journal = open(disk).journal();
    journal.append(List.of(intent(1)));
    disk.roomBytes = (int) disk.sizeBytes();
    assertThatThrownBy(() -> journal.append(List.of(intent(2))))
        .isInstanceOf(TokenUnavailable.class);
    disk.roomBytes = Integer.MAX_VALUE;
    disk.lose(3);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(journal::requireUsable)
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("not there any more");
    }
  }

  @Test
  void aWorkerThatWasOvertakenMendsNothing() {
    FakeDisk disk = new FakeDisk();
    boolean[] overtaken = {false};
    Journal journal =
        Journal.open(
                disk,
                () -> {
                  if (overtaken[0]) {
                    throw new TokenUnavailable("taken over");
                  }
                },
                e -> {},
                Journal.Mark.NONE)
            .journal();
    disk.roomBytes = 10;
    assertThatThrownBy(() -> journal.append(List.of(intent(1))))
        .hasMessageContaining("No space left");
    disk.roomBytes = Integer.MAX_VALUE;
    overtaken[0] = true;
    assertThatThrownBy(journal::requireUsable).hasMessageContaining("taken over");
    assertThat(disk.sizeBytes()).isEqualTo(10);
  }

  @Test
  void afterAFailedForceNothingMoreIsWritten() {
    FakeDisk disk = new FakeDisk();
    Journal journal = open(disk).journal();
    disk.cutAt = disk.operations() + 1;
    assertThatThrownBy(() -> journal.append(List.of(intent(1))))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("power cut");
    disk.cutAt = Integer.MAX_VALUE;
    assertThatThrownBy(() -> journal.append(List.of(intent(2))))
        .isInstanceOf(TokenUnavailable.class);
    assertThat(disk.durable()).isEmpty();
  }

  @Test
  void aWorkerThatWasOvertakenWritesNothing() {
    FakeDisk disk = new FakeDisk();
    Journal journal =
        Journal.open(
                disk,
                () -> {
                  throw new TokenUnavailable("taken over");
                },
                e -> {},
                Journal.Mark.NONE)
            .journal();
    assertThatThrownBy(() -> journal.append(List.of(intent(1)))).hasMessageContaining("taken over");
    assertThat(disk.sizeBytes()).isZero();
  }

  /** Threads that wait while one forces the disk are forced together next time. */
  @Test
  void recordsThatWaitTogetherAreForcedTogether() throws Exception {
    CountDownLatch firstForce = new CountDownLatch(1);
    CountDownLatch othersWait = new CountDownLatch(1);
    FakeDisk disk = new FakeDisk();
    JournalFile slow = new Slow(disk, firstForce, othersWait);
    Journal journal = open(slow).journal();
    ExecutorService threads = Executors.newFixedThreadPool(9);
    try {
      List<Future<List<Long>>> appended = new ArrayList<>();
      appended.add(threads.submit(() -> journal.append(List.of(intent(0)))));
      assertThat(firstForce.await(10, TimeUnit.SECONDS)).isTrue();
      for (int i = 1; i <= 8; i++) {
        int request = i;
        appended.add(threads.submit(() -> journal.append(List.of(intent(request)))));
      }
      while (journal.waitingBatches() < 8) {
        Thread.onSpinWait();
      }
      othersWait.countDown();
      List<Long> seqs = new ArrayList<>();
      for (Future<List<Long>> future : appended) {
        seqs.addAll(future.get(10, TimeUnit.SECONDS));
      }
      assertThat(seqs).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
      assertThat(disk.forces).isEqualTo(2);
    } finally {
      threads.shutdownNow();
    }
  }

  /** A disk whose first force lasts until the others wait. */
  private static final class Slow extends Delegating {
    private final CountDownLatch begun;
    private final CountDownLatch release;

    Slow(FakeDisk disk, CountDownLatch begun, CountDownLatch release) {
      super(disk);
      this.begun = begun;
      this.release = release;
    }

    @Override
    public void force() throws IOException {
      begun.countDown();
      try {
        if (!release.await(10, TimeUnit.SECONDS)) {
          throw new IOException("nobody came");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      super.force();
    }

    @Override
    public void close() {}
  }

  @Test
  void theFileOnDiskIsItsOwnersAlone(@TempDir Path directory) throws Exception {
    Path path = directory.resolve("journal.log");
    try (JournalFile file = JournalFile.on(path)) {
      open(file).journal().append(List.of(intent(1)));
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    byte[] withRoom = Files.readAllBytes(path);
    int whole = JournalFrame.HEAD_BYTES + jsonLength(withRoom, 0);
    Files.write(path, Arrays.copyOf(withRoom, whole - 3));
    try (JournalFile file = JournalFile.on(path)) {
      assertThat(open(file).recovery()).isEqualTo(new Recovery(0, 0, whole - 3));
    }
    assertThat(path).isEmptyFile();
    assertThat(directory.resolve("journal.log.cut-0")).hasSize(whole - 3);
  }

  /** Forcing a file that grows costs half as much again. */
  @Test
  void theFileDoesNotGrowWithEachRecord(@TempDir Path directory) throws Exception {
    Path path = directory.resolve("journal.log");
    byte[] before;
    try (JournalFile file = JournalFile.on(path)) {
      Journal journal = open(file).journal();
      journal.append(List.of(intent(1)));
      long size = Files.size(path);
      for (int i = 2; i <= 100; i++) {
        journal.append(List.of(intent(i)));
      }
      assertThat(Files.size(path)).isEqualTo(size);
      before = Files.readAllBytes(path);
    }
    // The next one to open it goes on behind the last record, not behind the room.
    try (JournalFile file = JournalFile.on(path)) {
      assertThat(open(file).journal().append(List.of(intent(101)))).containsExactly(101L);
    }
    assertThat(Files.readAllBytes(path)).startsWith(Arrays.copyOf(before, 5000));
    try (JournalFile file = JournalFile.on(path)) {
      // The first reading closed a hundred intents as failed.
      assertThat(open(file).recovery()).isEqualTo(new Recovery(101, 1, 0));
    }
  }

  private static int jsonLength(byte[] bytes, int at) {
    byte[] json = JournalFrame.at(bytes, at);
    if (json == null) {
      throw new IllegalStateException("no record at " + at);
    }
    return json.length;
  }

  private static int lastRecordAt(byte[] bytes) {
    int at = 0;
    int last = 0;
    while (at < bytes.length) {
      last = at;
      at += JournalFrame.HEAD_BYTES + jsonLength(bytes, at);
    }
    return last;
  }

  @Test
  void aThreadThatIsInterruptedDoesNotEndAllSigning(@TempDir Path directory) throws Exception {
    try (JournalFile file = JournalFile.on(directory.resolve("journal.log"))) {
      Journal journal = open(file).journal();
      Thread.currentThread().interrupt();
      try {
        journal.append(List.of(intent(1)));
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      journal.append(List.of(intent(2)));
    }
  }

  /** Every request asks first whether the journal can be written, also while another one writes. */
  @Test
  void whoeverAsksDuringAWriteIsNotTurnedAway(@TempDir Path directory) throws Exception {
    AtomicReference<Journal> journal = new AtomicReference<>();
    List<String> asked = new ArrayList<>();
    try (JournalFile file = JournalFile.on(directory.resolve("journal.log"))) {
      JournalFile slow =
          new Delegating(file) {
            @Override
            public void append(byte[] bytes) throws IOException {
              ask("append");
              super.append(bytes);
            }

            @Override
            public void force() throws IOException {
              ask("force");
              super.force();
            }

            private void ask(String during) {
              CompletableFuture.runAsync(Objects.requireNonNull(journal.get())::requireUsable)
                  .orTimeout(10, TimeUnit.SECONDS)
                  .join();
              asked.add(during);
            }
          };
      journal.set(open(slow).journal());
      Objects.requireNonNull(journal.get()).append(List.of(intent(1)));
    }
    assertThat(asked).containsExactly("append", "force");
  }

  private static class Delegating implements JournalFile {
    private final JournalFile file;

    Delegating(JournalFile file) {
      this.file = file;
    }

    @Override
    public long sizeBytes() throws IOException {
      return file.sizeBytes();
    }

    @Override
    public byte[] readFrom(long offset, int maxBytes) throws IOException {
      return file.readFrom(offset, maxBytes);
    }

    @Override
    public void append(byte[] bytes) throws IOException {
      file.append(bytes);
    }

    @Override
    public void force() throws IOException {
      file.force();
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      file.truncate(sizeBytes);
    }

    @Override
    public void keepAside(byte[] cut, long offset) throws IOException {
      file.keepAside(cut, offset);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
