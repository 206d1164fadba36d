package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Lease;
import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a worker's process, and of its token, is mended without its service's help. */
@SuppressWarnings("NullAway.Init")
@Timeout(value = 150, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkerSupervisionTests {
  private static final System.Logger log = System.getLogger(WorkerSupervisionTests.class.getName());
  private static final KeySpec SPEC =
      new KeySpec("field", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.MANIFEST);
  private static final SigningInput MANIFEST = Contents.manifest("sensor");
  private static final Digest REQUEST = Digest.of(new byte[] {1});
  private static final WorkerPatience SHORT =
      new WorkerPatience(
          Duration.ofSeconds(2),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofMillis(50),
          Duration.ofMillis(200));

  @TempDir Path directory;
  private HsmDirectory hsm;
  private final List<RemoteWorker> workers = new ArrayList<>();

  @BeforeEach
  void makeToken() throws Exception {
    hsm = HsmDirectory.in(directory);
  }

  @AfterEach
  void close() {
    workers.forEach(RemoteWorker::close);
  }

  private RemoteWorker start() {
    RemoteWorker worker = RemoteWorker.start(hsm.launch(), SHORT, news -> {});
    workers.add(worker);
    return worker;
  }

  private static TokenKey create(RemoteWorker worker) {
    return Patiently.once(() -> worker.create(SPEC));
  }

  private static WorkerRequest request(TokenKey key) {
    return WorkerRequest.unattended(REQUEST, key.keyId(), MANIFEST);
  }

  private static void report(String what, long fromNanos) {
    log.log(
        System.Logger.Level.INFO,
        "{0}: {1} ms",
        what,
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - fromNanos));
  }

  private static void signal(String name, long pid) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
    assertThat(kill.waitFor()).isZero();
  }

  @Test
  void aSpareTakesOverFromAProcessThatWasKilled() throws Exception {
    RemoteWorker worker = start();
    TokenKey key = create(worker);
    Bytes first = worker.sign(request(key));
    Patiently.await("a spare", () -> worker.standing().spare());
    long killed = worker.activePid();
    long from = System.nanoTime();
    signal("KILL", killed);
    Bytes again = Patiently.once(() -> worker.sign(request(key)));
    report("kill -9 to the next signature with a spare", from);
    assertThat(again).as("nothing is signed twice").isEqualTo(first);
    assertThat(worker.activePid()).isNotEqualTo(killed);
    Patiently.await("the next spare", () -> worker.standing().spare());
  }

  @Test
  void theSpareKnowsKeysThatWereMadeWhileItWaited() throws Exception {
    RemoteWorker worker = start();
    Patiently.once(() -> worker.find("field"));
    Patiently.await("a spare", () -> worker.standing().spare());
    TokenKey key = create(worker);
    TokenKey gone = worker.create(new KeySpec("gone", SPEC.suite(), SPEC.purpose()));
    worker.destroy(gone.keyId());
    signal("KILL", worker.activePid());
    assertThat(Patiently.once(() -> worker.find("field"))).contains(key);
    assertThat(worker.find("gone")).isEmpty();
  }

  @Test
  void aProcessThatHangsIsKilledAndReplaced() throws Exception {
    RemoteWorker worker = start();
    TokenKey key = create(worker);
    Patiently.await("a spare", () -> worker.standing().spare());
    long hanging = worker.activePid();
    signal("STOP", hanging);
    assertThatThrownBy(() -> worker.sign(request(key)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("no answer in 2000 ms");
    Bytes signature = Patiently.once(() -> worker.sign(request(key)));
    key.publicKey().verify(MANIFEST.bytes().toByteArray(), signature.toByteArray());
    Patiently.await(
        "the end of the one that hung",
        () -> ProcessHandle.of(hanging).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aTokenThatVanishesAndComesBackSignsAgain() throws Exception {
    RemoteWorker worker = start();
    TokenKey key = create(worker);
    Bytes before = worker.sign(request(key));
    hsm.token().pullOut();
    WorkerRequest other =
        WorkerRequest.unattended(Digest.of(new byte[] {2}), key.keyId(), MANIFEST);
    assertThatThrownBy(() -> worker.sign(other)).isInstanceOf(TokenUnavailable.class);
    Patiently.await("the end of those who lost it", () -> !worker.standing().active());
    assertThatThrownBy(() -> worker.sign(other)).isInstanceOf(TokenUnavailable.class);
    assertThatThrownBy(worker::probe).isInstanceOf(TokenUnavailable.class);
    assertThat(worker.standing().trouble()).isPresent();

    hsm.token().putBack();
    long from = System.nanoTime();
    Bytes signature = Patiently.once(() -> worker.sign(other));
    report("the token's return to the next signature", from);
    key.publicKey().verify(MANIFEST.bytes().toByteArray(), signature.toByteArray());
    assertThat(worker.sign(request(key))).as("nothing is signed twice").isEqualTo(before);
    worker.probe();
  }

  @Test
  void aWrongPinIsNotTriedTwiceNotEvenByTheNextService() throws Exception {
    hsm.token().writePin("1111");
    RemoteWorker worker = start();
    assertThatThrownBy(() -> worker.find("field"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("the module refuses the PIN")
        .hasMessageNotContaining("1111");
    Patiently.await("its end", () -> worker.standing().ended() == 1);
    assertThatThrownBy(() -> worker.find("field")).hasMessageContaining("refuses the PIN");
    assertThat(worker.standing().ended()).as("no restart, no spare").isEqualTo(1);

    RemoteWorker next = start();
    assertThatThrownBy(() -> next.find("field"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("it is not tried again before the file has changed");
    assertThat(Files.readString(hsm.worker().resolve(PinFile.STATE)))
        .contains("refused")
        .doesNotContain("1111");

    hsm.token().writePin(SoftHsmDirectory.PIN);
    RemoteWorker right = start();
    assertThat(Patiently.once(() -> right.find("field"))).isEmpty();
  }

  @Test
  void aPinMayBeHandedOverAndStandsInNoArgument() throws Exception {
    hsm.writeConfiguration(hsm.token().uri());
    try (Passphrase pin = Passphrase.ofPrompt(SoftHsmDirectory.PIN.toCharArray())) {
      RemoteWorker worker = RemoteWorker.start(hsm.launch(), SHORT, pin, news -> {});
      workers.add(worker);
      assertThat(Patiently.once(() -> worker.find("field"))).isEmpty();
      Path proc = Path.of("/proc", Long.toString(worker.activePid()));
      for (String what : List.of("cmdline", "environ")) {
        assertThat(new String(Files.readAllBytes(proc.resolve(what)), StandardCharsets.ISO_8859_1))
            .doesNotContain(SoftHsmDirectory.PIN);
      }
    }
  }

  private static String whyNot(RemoteWorker worker, TokenKey key) {
    TokenUnavailable refused =
        catchThrowableOfType(TokenUnavailable.class, () -> worker.sign(request(key)));
    assertThat(refused).as("a signature of the second").isNotNull();
    return String.valueOf(refused.getMessage());
  }

  @Test
  void ofTwoServicesOnOneDirectoryTheSecondWaitsForTheFirst() {
    RemoteWorker first = start();
    TokenKey key = create(first);
    RemoteWorker second = start();
    // Until its process has come up, the reason is another one.
    Patiently.await(
        "word of the first", () -> whyNot(second, key).contains("another worker is active"));
    first.sign(request(key));
    first.close();
    assertThat(Patiently.once(() -> second.find("field"))).contains(key);
  }

  /** The former service is frozen; its worker's process, which is not, would hold on for ever. */
  @Test
  void aServiceUnderTheLeaseOvertakesTheWorkerOfTheFormerOne() {
    RemoteWorker first = start();
    TokenKey key = create(first);
    Bytes signature = first.sign(request(key));
    try (WorkerLease lease =
        WorkerLease.await(directory.resolve("own"), Lease.USUAL, silent -> {}, lost -> {})) {
      RemoteWorker second =
          RemoteWorker.startUnder(lease, hsm.launch(), SHORT, Optional.empty(), news -> {});
      workers.add(second);
      assertThat(Patiently.once(() -> second.sign(request(key)))).isEqualTo(signature);
      assertThatThrownBy(() -> first.sign(request(key))).isInstanceOf(TokenUnavailable.class);
      assertThat(second.sign(request(key))).isEqualTo(signature);
    }
  }

  @Test
  void aServiceThatHasLostTheLeaseOvertakesNobody() {
    WorkerLease lease =
        WorkerLease.await(directory.resolve("own"), Lease.USUAL, silent -> {}, lost -> {});
    lease.close();
    assertThatThrownBy(
            () -> RemoteWorker.startUnder(lease, hsm.launch(), SHORT, Optional.empty(), news -> {}))
        .isInstanceOf(TokenUnavailable.class);
  }

  @Test
  void eightRequestsInFlightAreAllAnswered() throws Exception {
    RemoteWorker worker = start();
    TokenKey key = create(worker);
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<Bytes>> answers = new ArrayList<>();
      for (int i : IntStream.range(0, 80).toArray()) {
        SigningInput input = Contents.manifest("sensor-" + i);
        Digest request = Digest.of(new byte[] {3, (byte) i});
        answers.add(
            callers.submit(
                () -> worker.sign(WorkerRequest.unattended(request, key.keyId(), input))));
      }
      for (int i = 0; i < answers.size(); i++) {
        key.publicKey()
            .verify(
                Contents.manifest("sensor-" + i).bytes().toByteArray(),
                answers.get(i).get().toByteArray());
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void aServiceThatEndsLeavesNoProcessBehind() throws Exception {
    RemoteWorker worker = start();
    create(worker);
    Patiently.await("a spare", () -> worker.standing().spare());
    ProcessHandle active = ProcessHandle.of(worker.activePid()).orElseThrow();
    worker.close();
    Patiently.await("its end", () -> !active.isAlive());
    assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive))
        .noneMatch(child -> child.info().commandLine().orElse("").contains(directory.toString()));
  }

  /** As when the service is killed: nobody is left to end the process but itself. */
  @Test
  void aProcessWhoseServiceIsGoneEndsAlsoWhileItWaits() throws Exception {
    create(start());
    Process orphan = hsm.launch().processBuilder().start();
    WorkerProtocol.write(orphan.getOutputStream(), WorkerProtocol.NEWS, new byte[0]);
    byte[] news = orphan.getInputStream().readNBytes(8);
    assertThat(news).as("it says that it waits").hasSize(8);
    orphan.getOutputStream().close();
    assertThat(orphan.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(orphan.exitValue()).isEqualTo(WorkerProgram.ENDED);
  }
}
