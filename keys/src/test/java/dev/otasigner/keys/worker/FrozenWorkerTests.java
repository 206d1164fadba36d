package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A worker stands still at every moment at which it writes, forces, renames or calls its token;
 * another one takes over, is asked for the very same and answers; then the first one goes on. It
 * releases nothing any more that the other one does not know of, calls the token at most for what
 * it was about to sign, and changes no file that is the other's by now. A program outside the JVM
 * reads what became of the journal.
 */
@SuppressWarnings("NullAway.Init")
class FrozenWorkerTests {
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static final String SIGNS = "the token signs";

  @TempDir Path root;
  private Path directory;
  private Path tokenLog;
  private ForcedLog client;
  private LoggingToken token;
  private final MovingClock clock = new MovingClock();
  private final Set<String> moments = new TreeSet<>();
  private TokenKey image;
  private TokenKey manifest;

  /** Stands still at one moment until it is let go. */
  private static final class Freeze implements Disk {
    private final int at;
    private int count;
    final CompletableFuture<String> frozen = new CompletableFuture<>();
    final CountDownLatch released = new CountDownLatch(1);
    private boolean armed;

    Freeze(int at) {
      this.at = at;
    }

    void moment(String what) {
      synchronized (this) {
        boolean counts = armed && count++ == at;
        armed |= what.equals("after: claim worker.lock"); // the lock is its own from here on
        if (!counts) {
          return;
        }
      }
      frozen.complete(what);
      try {
        released.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void write(String what, byte[] bytes, Sink sink) throws IOException {
      moment("before: " + what);
      int half = bytes.length / 2;
      sink.write(Arrays.copyOf(bytes, half));
      moment("half done: " + what);
      sink.write(Arrays.copyOfRange(bytes, half, bytes.length));
      moment("after: " + what);
    }

    @Override
    public void step(String what, Step step) throws IOException {
      moment("before: " + what);
      step.run();
      moment("after: " + what);
    }
  }

  @BeforeEach
  void makeKeys() throws Exception {
    JournalAudit.requireInstalled();
    directory = Files.createDirectories(root.resolve("worker"));
    tokenLog = Files.createFile(root.resolve("token.log"));
    client = new ForcedLog(Files.createFile(root.resolve("client.log")));
    token = new LoggingToken(new FakeToken(), new ForcedLog(tokenLog));
    try (TokenWorker worker = TokenWorker.open(directory, token, clock)) {
      image = worker.create(spec("image", KeyPurpose.IMAGE));
      manifest = worker.create(spec("manifest", KeyPurpose.MANIFEST));
    }
  }

  private static KeySpec spec(String name, KeyPurpose purpose) {
    return new KeySpec(name, SignatureSuite.ECDSA_P256_SHA256, purpose);
  }

  private List<WorkerRequest> requests(int round) {
    Digest request = Digest.of(("request " + round).getBytes(StandardCharsets.UTF_8));
    return List.of(
        WorkerRequest.unattended(request, image.keyId(), IMAGE),
        WorkerRequest.unattended(request, manifest.keyId(), Contents.manifest("r" + round)));
  }

  /** What a client asks of a worker: signatures, the same once more, and a change of a rule. */
  private void tell(TokenWorker worker, int round) throws IOException {
    sign(worker, round);
    sign(worker, round);
    worker.create(spec("made-" + round, KeyPurpose.MANIFEST));
  }

  private List<Bytes> sign(TokenWorker worker, int round) throws IOException {
    List<WorkerRequest> requests = requests(round);
    List<Bytes> signatures = worker.sign(requests);
    for (int i = 0; i < requests.size(); i++) {
      WorkerRequest request = requests.get(i);
      client.add(
          Json.object()
              .put("request", request.request())
              .put("keyId", request.keyId())
              .put("toBeSigned", Digest.of(request.input().bytes()))
              .put("signature", Digest.of(signatures.get(i)))
              .build());
    }
    return signatures;
  }

  private List<Path> journal() {
    List<Path> files = new ArrayList<>();
    JournalSegments segments = new JournalSegments(directory, Disk.REAL);
    for (int number = 1; Files.exists(segments.file(number)); number++) {
      files.add(segments.file(number));
    }
    return files;
  }

  private long signed() throws IOException {
    try (var lines = Files.lines(tokenLog)) {
      return lines.count();
    }
  }

  /** Whether there was such a moment. */
  private boolean freezeAt(int moment) throws Exception {
    Freeze freeze = new Freeze(moment);
    token.around = when -> freeze.moment(when + SIGNS);
    List<TokenWorker> first = new CopyOnWriteArrayList<>();
    CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();
    Thread asking =
        new Thread(
            () -> {
              Optional<Throwable> thrown = Optional.empty();
              try {
                first.add(TokenWorker.await(directory, token, clock, freeze));
                tell(first.get(0), moment);
              } catch (IOException | RuntimeException e) {
                thrown = Optional.of(e);
              }
              freeze.frozen.complete("");
              end.complete(thrown);
            });
    asking.start();
    String at = freeze.frozen.get(60, TimeUnit.SECONDS);
    if (at.isEmpty()) {
      assertThat(end.get()).isEmpty();
      first.get(0).close();
      return false;
    }
    moments.add(at.replaceAll("journal-[0-9]+", "journal"));
    token.around = when -> {};
    TokenWorker second = TokenWorker.await(directory, token, clock, Disk.REAL, () -> true);
    List<Bytes> signatures = sign(second, moment);
    assertThat(second.sign(requests(moment)))
        .as("%s: one signature each", at)
        .isEqualTo(signatures);
    byte[] rules = Files.readAllBytes(directory.resolve(TokenWorker.CONFIGURATION));
    List<Path> files = journal();
    byte[] newest = Files.readAllBytes(files.get(files.size() - 1));
    long before = signed();

    freeze.released.countDown();
    Optional<Throwable> thrown = end.get(60, TimeUnit.SECONDS);

    if (thrown.isEmpty()) {
      // Its last step, before anybody took over: the other one has read what it did.
      TokenKey made = token.find("made-" + moment).orElseThrow();
      assertThat(second.rule(made.keyId())).as("%s", at).isPresent();
    } else {
      assertThat(thrown.get()).as("%s", at).isInstanceOf(TokenUnavailable.class);
    }
    assertThat(signed() - before)
        .as("signatures of the frozen one, %s", at)
        .isEqualTo(at.equals("before: " + SIGNS) ? 1 : 0);
    assertThat(Files.readAllBytes(directory.resolve(TokenWorker.CONFIGURATION)))
        .as("%s", at)
        .isEqualTo(rules);
    assertThat(journal()).as("%s", at).isEqualTo(files);
    assertThat(Files.readAllBytes(files.get(files.size() - 1))).as("%s", at).isEqualTo(newest);
    for (TokenWorker overtaken : first) {
      assertThatThrownBy(() -> overtaken.sign(requests(moment)))
          .isInstanceOf(TokenUnavailable.class);
      overtaken.close();
    }
    second.close();
    return true;
  }

  @Test
  void whoeverWasFrozenAndOvertakenReleasesNothingAndWritesNothing() throws Exception {
    int frozen = 0;
    while (freezeAt(frozen)) {
      frozen++;
    }
    assertThat(moments)
        .contains(
            "before: " + SIGNS,
            "after: " + SIGNS,
            "before: write journal.log",
            "half done: write journal.log",
            "after: write journal.log",
            "before: force journal.log",
            "after: force journal.log",
            "before: rename to worker.json",
            "after: force worker.json");
    JournalAudit audit =
        JournalAudit.of(
            journal(),
            tokenLog,
            client.file(),
            List.of(),
            List.of(image.keyId(), manifest.keyId()));
    assertThat(audit.isClean()).as("%s", audit.found().json()).isTrue();
    assertThat(audit.found().integer("late", 0, Long.MAX_VALUE))
        .as("records that came too late, and are there to be read")
        .isPositive();
  }

  /** The journal is read over all its files: what was signed before is not signed again. */
  @Test
  void whatAnEarlierSegmentHoldsIsKnown() throws Exception {
    List<Bytes> signatures;
    try (TokenWorker first = TokenWorker.open(directory, token, clock)) {
      signatures = sign(first, 1);
      for (int i = 0; i < 2; i++) {
        try (TokenWorker next = TokenWorker.await(directory, token, clock, Disk.REAL, () -> true)) {
          assertThat(next.sign(requests(1))).isEqualTo(signatures);
        }
      }
    }
    assertThat(journal()).hasSize(2);
    try (TokenWorker last = TokenWorker.open(directory, token, clock)) {
      assertThat(last.sign(requests(1))).isEqualTo(signatures);
      assertThat(last.recovery().isClean()).isTrue();
    }
  }

  @Test
  void aSegmentBeforeThatWasCutShortIsRefused() throws Exception {
    try (TokenWorker first = TokenWorker.open(directory, token, clock)) {
      sign(first, 1);
      TokenWorker.await(directory, token, clock, Disk.REAL, () -> true).close();
    }
    Path journal = directory.resolve(TokenWorker.JOURNAL);
    byte[] whole = Files.readAllBytes(journal);
    Files.write(journal, Arrays.copyOf(whole, 100));
    assertThatThrownBy(() -> TokenWorker.open(directory, token, clock))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("shorter than it was");
  }

  @Test
  void aSegmentThatDoesNotFollowIsRefused() throws Exception {
    try (TokenWorker first = TokenWorker.open(directory, token, clock)) {
      sign(first, 1);
    }
    Files.write(
        directory.resolve("journal-2.log"),
        JournalFrame.encode(
            new JournalEntry.Continuation(0, JournalEntry.GENESIS, 0, clock.instant())
                .toJson()
                .textBytes()));
    try (TokenWorker cut = TokenWorker.open(directory, token, clock)) {
      assertThat(cut.recovery().intents()).as("nothing of the first file counts").isZero();
    }
    Files.write(
        directory.resolve("journal-2.log"),
        JournalFrame.encode(
            new JournalEntry.Continuation(7, JournalEntry.GENESIS, 0, clock.instant())
                .toJson()
                .textBytes()));
    assertThatThrownBy(() -> TokenWorker.open(directory, token, clock))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("begins within another");
  }
}
