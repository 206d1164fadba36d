package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL to the real worker's process, on a SoftHSM token, at every write, force, rename and cut
 * that it makes, before, half way and after. After each kill a new process starts, and the client
 * asks for the very same again; then workers are killed that mend a torn journal. What became of it
 * a program outside the JVM counts, from the journal, what the token wrote down and what the client
 * got.
 */
@SuppressWarnings("NullAway.Init")
class KilledWorkerTests {
  private static final System.Logger log = System.getLogger(KilledWorkerTests.class.getName());
  private static final SignatureSuite SUITE = SignatureSuite.ECDSA_P256_SHA256;

  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");

  @TempDir Path directory;
  private HsmDirectory hsm;
  private Path tokenLog;
  private ForcedLog client;
  private final List<Path> snapshots = new ArrayList<>();
  private final Set<String> moments = new TreeSet<>();
  private TokenKey image;
  private TokenKey manifest;
  private int kills;

  @BeforeEach
  void makeKeys() throws Exception {
    JournalAudit.requireInstalled();
    hsm = HsmDirectory.in(directory);
    tokenLog = Files.createFile(directory.resolve("token.log"));
    client = new ForcedLog(Files.createFile(directory.resolve("client.log")));
    try (WorkerClient worker = start(-1)) {
      image = key(worker, "image", KeyPurpose.IMAGE);
      manifest = key(worker, "manifest", KeyPurpose.MANIFEST);
    }
  }

  /** At no moment, when it is -1. */
  private WorkerClient start(long stopAt) throws Exception {
    return WorkerClient.start(
        hsm.launch(
            StoppingWorkerProgram.class,
            List.of(
                "-D" + StoppingWorkerProgram.STOP_AT + "=" + stopAt,
                "-D" + StoppingWorkerProgram.ARMED + "=" + armed(),
                "-D" + StoppingWorkerProgram.TOKEN_LOG + "=" + tokenLog)));
  }

  /** As the service makes keys: one that is there with its rule was made before a kill. */
  private static TokenKey key(WorkerClient worker, String name, KeyPurpose purpose)
      throws Exception {
    Optional<TokenKey> known = WorkerAnswer.readFound(worker.ask(new WorkerCall.Find(name)));
    if (known.isPresent()
        && worker.ask(plain(WorkerCall.Operation.RULE, known.get())).has("rule")) {
      return known.get();
    }
    return WorkerAnswer.readKey(
        worker.ask(new WorkerCall.Create(new KeySpec(name, SUITE, purpose))));
  }

  private static WorkerCall plain(WorkerCall.Operation operation, TokenKey key) {
    return new WorkerCall.Plain(operation, Optional.of(key.keyId()));
  }

  /** What a client wants: a key, its signatures, all once more, and the key's end. */
  private void tell(WorkerClient worker, int round) throws Exception {
    TokenKey made = key(worker, "made-" + round, KeyPurpose.MANIFEST);
    Digest request = Digest.of(("request " + round).getBytes(StandardCharsets.UTF_8));
    List<WorkerRequest> both =
        List.of(
            WorkerRequest.unattended(request, image.keyId(), IMAGE),
            WorkerRequest.unattended(request, manifest.keyId(), Contents.manifest("r" + round)));
    sign(worker, both);
    sign(worker, both);
    worker.ask(new WorkerCall.Plain(WorkerCall.Operation.RETIRE, Optional.of(made.keyId())));
  }

  private void sign(WorkerClient worker, List<WorkerRequest> requests) throws Exception {
    List<Bytes> signatures =
        WorkerAnswer.readSignatures(worker.ask(new WorkerCall.Sign(requests)), requests.size());
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
  }

  private Path armed() {
    return directory.resolve("armed");
  }

  private void arm() throws IOException {
    if (!Files.exists(armed())) {
      Files.createFile(armed());
    }
  }

  private Path journal() {
    return hsm.worker().resolve(TokenWorker.JOURNAL);
  }

  /** What is done with a worker until it is killed. */
  private interface Story {
    void tell(WorkerClient worker) throws Exception;
  }

  /** The moment at which the process was killed; empty when the story came to its end. */
  private Optional<String> killAt(long moment, Story story) throws Exception {
    try (WorkerClient worker = start(moment)) {
      story.tell(worker);
      return Optional.empty();
    } catch (WorkerClient.KilledException e) {
      moments.add(e.moment());
      kills++;
      Path snapshot = directory.resolve("journal-" + kills);
      Files.copy(journal(), snapshot);
      snapshots.add(snapshot);
      return Optional.of(e.moment());
    }
  }

  /** Recovers and answers what was asked before; only then kills begin. */
  private Optional<String> killAt(long moment, int before, int round) throws Exception {
    Files.deleteIfExists(armed());
    return killAt(
        moment,
        worker -> {
          tell(worker, before);
          arm();
          tell(worker, round);
        });
  }

  /** Half a record at the end, as a kill leaves it, for a worker to mend. */
  private void tear() throws IOException {
    byte[] record = JournalFrame.encode(new byte[64]);
    Files.write(journal(), Arrays.copyOf(record, record.length / 2), StandardOpenOption.APPEND);
  }

  private JournalAudit audit() throws Exception {
    return JournalAudit.of(
        journal(), tokenLog, client.file(), snapshots, List.of(image.keyId(), manifest.keyId()));
  }

  @Test
  void noKillLosesAnIntentOrReleasesTwice() throws Exception {
    boolean killed = true;
    for (int moment = 0; killed; moment++) {
      killed = killAt(moment, moment, moment + 1).isPresent();
    }
    killed = true;
    for (int moment = 0; killed; moment++) {
      tear();
      Digest request = Digest.of(("torn " + moment).getBytes(StandardCharsets.UTF_8));
      List<WorkerRequest> one = List.of(WorkerRequest.unattended(request, image.keyId(), IMAGE));
      killed = killAt(moment, worker -> sign(worker, one)).isPresent();
    }

    JournalAudit audit = audit();
    log.log(
        System.Logger.Level.INFO,
        "{0} kills at {1} kinds of moment; the auditor: {2}",
        kills,
        moments.size(),
        new String(audit.found().json().textBytes(), StandardCharsets.UTF_8));
    assertThat(audit.withoutIntent()).as("signatures without intent").isZero();
    assertThat(audit.intentsLost()).as("intents lost").isZero();
    assertThat(audit.doubleReleases()).as("double releases").isZero();
    assertThat(audit.isClean()).as("%s", audit.found().json()).isTrue();
    for (String file : List.of("journal.log", "worker.json")) {
      for (String when : List.of("before: ", "half done: ", "after: ")) {
        assertThat(moments).contains(when + "write " + file, when + "make room in journal.log");
      }
      assertThat(moments).contains("before: force " + file, "after: force " + file);
    }
    assertThat(moments).contains("before: claim worker.lock", "after: claim worker.lock");
    assertThat(moments).contains("before: cut journal.log", "after: cut journal.log");
  }
}
