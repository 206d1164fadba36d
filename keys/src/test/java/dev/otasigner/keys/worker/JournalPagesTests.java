package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A write of several records reaches the disk page by page, in any order, when the power goes. */
class JournalPagesTests {
  private static final int PAGE_BYTES = 512; // small, for many cases

  private static Intent intent(int request) {
    return new Intent(
        0,
        JournalEntry.GENESIS,
        Digest.of(new byte[] {(byte) request}),
        Digest.of(new byte[] {7}),
        Digest.of(new byte[] {(byte) request, 1}),
        List.of(),
        Instant.parse("2026-11-22T09:30:00Z"));
  }

  private static List<Intent> intents(int from, int count) {
    List<Intent> intents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      intents.add(intent(from + i));
    }
    return intents;
  }

  private static Recovery open(byte[] bytes, List<JournalEntry> seen) {
    return Journal.open(new FakeDisk(bytes), () -> {}, seen::add, Journal.Mark.NONE).recovery();
  }

  /** Every subset of its pages may be there: nobody was told of any of it. */
  @Test
  void aWriteThatArrivedInPartsIsCut() {
    FakeDisk disk = new FakeDisk();
    Journal journal = Journal.open(disk, () -> {}, e -> {}, Journal.Mark.NONE).journal();
    journal.append(intents(1, 3));
    byte[] before = disk.durable();
    journal.append(intents(11, 6));
    byte[] whole = disk.durable();
    int first = before.length / PAGE_BYTES;
    int pages = (whole.length + PAGE_BYTES - 1) / PAGE_BYTES - first;
    assertThat(pages).isBetween(4, 12);
    for (int arrived = 0; arrived < 1 << pages; arrived++) {
      byte[] disked = Arrays.copyOf(whole, whole.length);
      for (int page = 0; page < pages; page++) {
        if ((arrived >> page & 1) == 0) {
          int from = Math.max(before.length, (first + page) * PAGE_BYTES);
          Arrays.fill(
              disked, from, Math.min(disked.length, (first + page + 1) * PAGE_BYTES), (byte) 0);
        }
      }
      List<JournalEntry> seen = new ArrayList<>();
      Recovery recovery = open(disked, seen);
      assertThat(recovery.intents()).as("pages %d", arrived).isBetween(3L, 9L);
      assertThat(seen.subList(0, 3))
          .extracting(entry -> ((Intent) entry).request())
          .containsExactlyElementsOf(intents(1, 3).stream().map(Intent::request).toList());
      assertThat(recovery.intents() == 9).isEqualTo(arrived == (1 << pages) - 1);
    }
  }

  /** What was written later was asked for by somebody who had been told of the damaged one. */
  @Test
  void aDamagedWriteWithAnotherBehindItIsRefused() {
    FakeDisk disk = new FakeDisk();
    Journal journal = Journal.open(disk, () -> {}, e -> {}, Journal.Mark.NONE).journal();
    journal.append(intents(1, 6));
    int end = disk.durable().length;
    for (List<Intent> later : List.of(intents(11, 1), intents(11, 2))) {
      FakeDisk next = new FakeDisk(disk.durable());
      Journal.open(next, () -> {}, e -> {}, Journal.Mark.NONE).journal().append(later);
      byte[] damaged = next.durable();
      Arrays.fill(damaged, 100, end, (byte) 0);
      assertThatThrownBy(() -> open(damaged, new ArrayList<>()))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("whole ones follow");
    }
  }
}
