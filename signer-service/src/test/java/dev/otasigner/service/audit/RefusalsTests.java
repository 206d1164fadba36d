package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.MovingClock;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.Rights;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Somebody who is refused, as often as they like, takes only so much of the log. */
class RefusalsTests {
  private final MovingClock clock = new MovingClock();
  private final Refusals refusals = new Refusals(clock);

  private int recorded(RecordKind kind, Actor actor, int times) {
    int recorded = 0;
    for (int i = 0; i < times; i++) {
      recorded += refusals.isRecorded(kind, actor, "subject " + i) ? 1 : 0;
    }
    return recorded;
  }

  @Test
  void theFirstOfASourceAreRecordedAndTheRestCounted() {
    Actor one = Actor.nobody("192.0.2.1");
    assertThat(recorded(RecordKind.SESSION_DENIED, one, 1000)).isEqualTo(Refusals.EACH);
    assertThat(refusals.over(false)).as("its time is not over").isEmpty();
    clock.advance(Refusals.WINDOW);
    assertThat(refusals.over(false))
        .singleElement()
        .satisfies(
            count -> {
              assertThat(count.source()).isEqualTo("nobody:192.0.2.1");
              assertThat(count.times()).isEqualTo(1000 - Refusals.EACH);
              assertThat(count.details())
                  .containsEntry("action", "session.denied")
                  .containsEntry("lastSubject", "subject 999");
            });
    assertThat(refusals.over(true)).as("each count is told once").isEmpty();
    assertThat(recorded(RecordKind.SESSION_DENIED, one, 1)).isEqualTo(1);
  }

  /** The next time begins when it is due, whether or not the counts of the last were fetched. */
  @Test
  void whatComesInTheNextTimeIsRecordedAgain() {
    Actor one = Actor.nobody("192.0.2.1");
    recorded(RecordKind.SESSION_DENIED, one, 1000);
    clock.advance(Refusals.WINDOW);
    assertThat(recorded(RecordKind.SESSION_DENIED, one, 1)).isEqualTo(1);
    assertThat(refusals.over(false))
        .singleElement()
        .satisfies(count -> assertThat(count.times()).isEqualTo(1000 - Refusals.EACH));
  }

  @Test
  void manySourcesTogetherAreBounded() {
    int recorded = 0;
    for (int i = 0; i < 10_000; i++) {
      recorded += recorded(RecordKind.CALL_REFUSED, Actor.nobody("2001:db8::" + i), 2);
    }
    assertThat(recorded).isEqualTo(Refusals.ALL);
    assertThat(refusals.over(true))
        .hasSize(Refusals.SOURCES + 1)
        .extracting(Refusals.Count::times)
        .satisfies(
            times ->
                assertThat(times.stream().mapToLong(t -> t).sum())
                    .isEqualTo(20_000 - Refusals.ALL));
  }

  @Test
  void failedSignInsAreNotHiddenBehindOtherNoise() {
    for (int i = 0; i < 100; i++) {
      recorded(RecordKind.CALL_REFUSED, Actor.nobody("192.0.2." + i), 20);
    }
    assertThat(recorded(RecordKind.SESSION_DENIED, Actor.nobody("192.0.2.1"), 1)).isEqualTo(1);
  }

  @Test
  void whoIsSignedInIsRecordedWhateverNobodiesDo() {
    recorded(RecordKind.CALL_REFUSED, Actor.nobody("192.0.2.1"), 1000);
    for (int i = 0; i < 10; i++) {
      recorded(RecordKind.CALL_REFUSED, Actor.nobody("192.0.2." + i), 1000);
    }
    Actor alice = new Actor(Actor.Kind.USER, "alice", Rights.NONE);
    assertThat(recorded(RecordKind.CALL_REFUSED, alice, 1000)).isEqualTo(Refusals.KNOWN);
  }

  @Test
  void aNewTimeBeginsWhenTheOldOneIsOverThoughNobodyAsked() {
    Actor one = Actor.nobody("192.0.2.1");
    recorded(RecordKind.SESSION_DENIED, one, Refusals.EACH);
    clock.advance(Duration.ofMinutes(11));
    assertThat(recorded(RecordKind.SESSION_DENIED, one, 50)).isEqualTo(Refusals.EACH);
  }
}
