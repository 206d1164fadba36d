package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.worker.JournalEntry.Intent;
import dev.otasigner.keys.worker.JournalEntry.Outcome;
import dev.otasigner.keys.worker.JournalEntry.Result;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power is cut at every operation on the journal, with nothing, parts, or all of what was on its
 * way having reached the disk. After each: no signature without an intent that was durable before
 * the token was called, no signature handed out that the journal does not hold, never two
 * signatures for one request, and the worker starts and signs again.
 */
@SuppressWarnings("NullAway.Init")
class WorkerPowerCutTests {
  @TempDir Path directory;
  private final MovingClock clock = new MovingClock();
  private final FakeToken token = new FakeToken();
  private TokenKey first;
  private TokenKey second;

  @BeforeEach
  void makeKeys() {
    FakeDisk disk = new FakeDisk();
    try (Worker worker = TokenWorker.open(directory, token, clock, () -> disk)) {
      first =
          worker.create(
              new KeySpec("first", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST));
      second =
          worker.create(new KeySpec("second", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
    }
  }

  private List<List<WorkerRequest>> story() {
    SigningInput image = SigningInput.hash(new byte[32], "SHA-256");
    List<List<WorkerRequest>> story = new ArrayList<>();
    for (String product : List.of("sensor", "pump")) {
      Digest request = Digest.of(product.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      story.add(
          List.of(
              WorkerRequest.unattended(request, first.keyId(), Contents.manifest(product)),
              WorkerRequest.unattended(request, second.keyId(), image)));
      story.add(
          List.of(
              WorkerRequest.unattended(request, first.keyId(), Contents.manifest(product + "-2"))));
    }
    return story;
  }

  /** What left the worker, by attempt; a second, different signature is the failure. */
  private final Map<Usage.Attempt, Bytes> released = new LinkedHashMap<>();

  private void tell(Worker worker, FakeDisk disk) {
    token.beforeSigning = input -> assertThat(intents(disk.durable())).contains(digest(input));
    try {
      for (List<WorkerRequest> requests : story()) {
        List<Bytes> signatures = worker.sign(requests);
        for (int i = 0; i < requests.size(); i++) {
          WorkerRequest request = requests.get(i);
          Usage.Attempt attempt =
              new Usage.Attempt(request.request(), request.keyId(), digest(request.input()));
          Bytes before = released.putIfAbsent(attempt, signatures.get(i));
          assertThat(signatures.get(i)).isEqualTo(before == null ? signatures.get(i) : before);
        }
      }
    } finally {
      token.beforeSigning = input -> {};
    }
  }

  private static Digest digest(SigningInput input) {
    return Digest.of(input.bytes());
  }

  private static List<JournalEntry> entries(byte[] durable) {
    List<JournalEntry> entries = new ArrayList<>();
    Journal.open(new FakeDisk(durable), () -> {}, entries::add, Journal.Mark.NONE);
    return entries;
  }

  private static List<Digest> intents(byte[] durable) {
    return entries(durable).stream()
        .filter(Intent.class::isInstance)
        .map(e -> ((Intent) e).toBeSigned())
        .toList();
  }

  /** Attempt by attempt, the digests of the signatures that the journal says were made. */
  private static Map<Usage.Attempt, Digest> signedIn(byte[] durable) {
    Map<Long, Intent> intents = new HashMap<>();
    Map<Usage.Attempt, Digest> signed = new HashMap<>();
    for (JournalEntry entry : entries(durable)) {
      if (entry instanceof Intent intent) {
        intents.put(intent.seq(), intent);
      } else if (entry instanceof Outcome outcome && outcome.outcome() == Result.SIGNED) {
        Intent intent = intents.get(outcome.seq());
        if (intent == null) {
          throw new AssertionError("an outcome without its intent: " + outcome);
        }
        Digest before = signed.put(Usage.Attempt.of(intent), outcome.signature().orElseThrow());
        assertThat(before).as("one signature for one request").isNull();
      }
    }
    return signed;
  }

  @Test
  void noCutLosesAnIntentOrReleasesTwice() {
    FakeDisk whole = new FakeDisk();
    try (Worker worker = TokenWorker.open(directory, token, clock, () -> whole)) {
      tell(worker, whole);
    }
    int operations = whole.operations();
    assertThat(operations).as("four calls, two commits each, a write and a force").isEqualTo(16);
    for (int cutAt = 0; cutAt < operations; cutAt++) {
      for (int eighth = 0; eighth <= 8; eighth++) {
        FakeDisk disk = cut(cutAt);
        restartAndFinish(disk.survivingWith(disk.cached().length * eighth / 8));
      }
    }
  }

  private FakeDisk cut(int cutAt) {
    released.clear();
    FakeDisk disk = new FakeDisk();
    disk.cutAt = cutAt;
    try (Worker worker = TokenWorker.open(directory, token, clock, () -> disk)) {
      tell(worker, disk);
      throw new AssertionError("the power was not cut at " + cutAt);
    } catch (KeyOperationException.TokenUnavailable e) {
      assertThat(e).hasMessageContaining("power cut");
    }
    return disk;
  }

  private void restartAndFinish(byte[] surviving) {
    Map<Usage.Attempt, Digest> before = signedIn(surviving);
    released.forEach(
        (attempt, signature) -> assertThat(before).containsEntry(attempt, Digest.of(signature)));
    FakeDisk disk = new FakeDisk(surviving);
    try (Worker worker = TokenWorker.open(directory, token, clock, () -> disk)) {
      tell(worker, disk);
    }
    Map<Usage.Attempt, Digest> after = signedIn(disk.durable());
    assertThat(after).hasSize(6).containsAllEntriesOf(before);
    released.forEach(
        (attempt, signature) -> assertThat(after).containsEntry(attempt, Digest.of(signature)));
  }
}
