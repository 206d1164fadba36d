package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.worker.WorkerProgram.TokenSource;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** What the worker's process is sent that it does not take, and how it ends. */
@SuppressWarnings("NullAway.Init")
@Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD) // an interrupt ends no join()
class WorkerProgramTests {
  private static final byte[] NO_PIN = new byte[0];
  private static final byte[] PROBE = "{\"op\":\"probe\"}".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final Said said = new Said();

  /** What the program says. */
  private static final class Said extends ByteArrayOutputStream {
    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      notifyAll();
    }

    /** Returns once it has said that it is active, so that nothing is being opened any more. */
    synchronized void awaitActive() throws InterruptedException {
      while (!toString(StandardCharsets.UTF_8).contains("\"state\":\"active\"")) {
        wait();
      }
    }
  }

  private static byte[] frame(int number, byte[] body) {
    return ByteBuffer.allocate(8 + body.length)
        .putInt(body.length)
        .putInt(number)
        .put(body)
        .array();
  }

  private static byte[] frame(int number, String body) {
    return frame(number, body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** The code with which it ends; its input stays open. */
  private int end(TokenSource source, byte[] frame) throws IOException {
    try (PipedOutputStream sent = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(sent, 1 << 16)) {
      sent.write(frame);
      return new WorkerProgram(directory, Disk.REAL, source, in, said).run();
    }
  }

  /** The code with which it ends when this is sent to it while it is active. */
  private int endAfter(byte[] frame) throws Exception {
    return endAfter(sent -> sent.write(frame));
  }

  /** What is done to the program's input. */
  private interface Sending {
    void to(PipedOutputStream sent) throws IOException;
  }

  private int endAfter(Sending sending) throws Exception {
    try (PipedOutputStream sent = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(sent, 1 << 16)) {
      sent.write(frame(0, NO_PIN));
      WorkerProgram program = new WorkerProgram(directory, Disk.REAL, pin -> token, in, said);
      CompletableFuture<Integer> code = CompletableFuture.supplyAsync(program::run);
      said.awaitActive();
      sending.to(sent);
      return code.get();
    }
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aFrameOverTheLimitEndsIt() throws Exception {
    int tooMany = WorkerProtocol.MAX_BODY_BYTES + 1;
    assertThat(endAfter(ByteBuffer.allocate(8).putInt(tooMany).putInt(1).array()))
        .isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("what came is no call: a frame of " + tooMany + " bytes");
  }

  @Test
  void aPinOverItsLimitEndsItBeforeTheTokenIsOpened() throws IOException {
    TokenSource never =
        pin -> {
          throw new IllegalStateException("opened");
        };
    int tooMany = WorkerProtocol.MAX_PIN_BYTES + 1;
    assertThat(end(never, ByteBuffer.allocate(8).putInt(tooMany).putInt(0).array()))
        .isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).isEmpty();
  }

  @Test
  void aCallInPlaceOfThePinEndsIt() throws IOException {
    assertThat(end(pin -> token, frame(1, PROBE))).isEqualTo(WorkerProgram.BAD_CALL);
  }

  @Test
  void garbageEndsIt() throws Exception {
    assertThat(endAfter(frame(1, "{]"))).isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("what came is no call");
  }

  @Test
  void anOperationThatNoWorkerHasEndsIt() throws Exception {
    assertThat(endAfter(frame(1, "{'op':'export','keyId':'00'}")))
        .isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("a worker does nothing of this name");
  }

  @Test
  void aCallWithAMemberTooManyEndsIt() throws Exception {
    assertThat(endAfter(frame(1, "{'op':'probe','force':true}"))).isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("force");
  }

  @Test
  void aCallOfAKeyWithoutAKeyEndsIt() throws Exception {
    assertThat(endAfter(frame(1, "{'op':'destroy'}"))).isEqualTo(WorkerProgram.BAD_CALL);
  }

  @Test
  void aUriOverItsLimitEndsIt() throws Exception {
    String uri = "pkcs11:object=" + "a".repeat(WorkerCall.MAX_URI_CHARACTERS);
    assertThat(
            endAfter(
                frame(
                    1,
                    "{'op':'adopt','name':'field','suite':'ed25519','purpose':'image','uri':'"
                        + uri
                        + "'}")))
        .isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("over " + WorkerCall.MAX_URI_CHARACTERS + " characters");
  }

  @Test
  void aKeyThatMovesWithoutSayingWhenEndsIt() throws Exception {
    String rule = "{'keyId':'" + "0".repeat(64) + "','purpose':'image','minApprovals':0}";
    assertThat(
            endAfter(
                frame(
                    1,
                    "{'op':'take-over','name':'field','suite':'ed25519','pkcs8':'AAAA','rule':"
                        + rule
                        + "}")))
        .isEqualTo(WorkerProgram.BAD_CALL);
    assertThat(said()).contains("a key that moves says when");
  }

  @Test
  void theEndOfItsInputEndsItWell() throws Exception {
    assertThat(endAfter(PipedOutputStream::close)).isEqualTo(WorkerProgram.ENDED);
  }

  @Test
  void whatAKilledWorkerLeftInTheTokenIsTold() throws Exception {
    token.unfinished = List.of("image (CKA_ID 6f74)");
    assertThat(endAfter(PipedOutputStream::close)).isEqualTo(WorkerProgram.ENDED);
    assertThat(said()).contains("notice", "interrupted", "image (CKA_ID 6f74)");
  }

  @Test
  void aRefusedPinHasACodeOfItsOwn() throws IOException {
    TokenSource refusing =
        pin -> {
          throw new PinRefused("the module refuses the PIN");
        };
    assertThat(end(refusing, frame(0, NO_PIN))).isEqualTo(WorkerProgram.PIN_REFUSED);
    assertThat(said()).contains("the module refuses the PIN");
  }

  @Test
  void aTokenThatCanNotBeOpenedHasACodeOfItsOwn() throws IOException {
    TokenSource away =
        pin -> {
          throw new TokenUnavailable("away");
        };
    assertThat(end(away, frame(0, NO_PIN))).isEqualTo(WorkerProgram.NOT_OPENED);
  }

  @Test
  void aTokenThatWentWhileItWaitedIsNoToken() throws IOException {
    token.gone = true;
    assertThat(end(pin -> token, frame(0, NO_PIN))).isEqualTo(WorkerProgram.TOKEN_LOST);
    assertThat(said()).contains("pulled out").doesNotContain("active");
  }

  @Test
  void thePinThatIsHandedOverReachesTheToken() throws IOException {
    AtomicReference<Optional<String>> handed = new AtomicReference<>(Optional.empty());
    TokenSource source =
        pin -> {
          handed.set(pin.map(Passphrase::characters).map(String::new));
          throw new TokenUnavailable("seen");
        };
    end(source, frame(0, "246810"));
    assertThat(handed.get()).contains("246810");
  }

  /**
   * A call that comes while it opens its token, or waits for the lock, must not wait for either.
   */
  @Test
  void aWorkerThatIsNotActiveAnswersThatItIsNot() throws Exception {
    CompletableFuture<Void> answered = new CompletableFuture<>();
    TokenSource slow =
        pin -> {
          answered.join();
          throw new TokenUnavailable("too late");
        };
    try (PipedOutputStream sent = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(sent, 1 << 16);
        PipedOutputStream out = new PipedOutputStream();
        DataInputStream answers = new DataInputStream(new PipedInputStream(out, 1 << 16))) {
      sent.write(frame(0, NO_PIN));
      sent.write(frame(7, PROBE));
      Thread program =
          new Thread(() -> new WorkerProgram(directory, Disk.REAL, slow, in, out).run());
      program.start();
      WorkerProtocol.Frame answer =
          Objects.requireNonNull(WorkerProtocol.read(answers, WorkerProtocol.MAX_BODY_BYTES));
      answered.complete(null);
      program.join();
      assertThat(answer.call()).isEqualTo(7);
      assertThat(new String(answer.body(), StandardCharsets.UTF_8))
          .contains("token-unavailable", "this worker is not the active one");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aBadCommandLineHasACodeOfItsOwn() throws Exception {
    List<String> command = new ArrayList<>(WorkerLaunch.onThisJvm(directory, Set.of()).command());
    command.add("one too many");
    Process process = new ProcessBuilder(command).start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(WorkerProgram.BAD_COMMAND_LINE);
  }

  @Test
  void aWorkersFileThatNamesNoTokenIsSaidToNameNone() throws Exception {
    WorkerConfiguration.embedded().write(directory.resolve(TokenWorker.CONFIGURATION));
    assertThat(end(pin -> ConfiguredToken.open(directory, pin, Disk.REAL), frame(0, NO_PIN)))
        .isEqualTo(WorkerProgram.NOT_OPENED);
    assertThat(said()).contains("no member 'token' says where the token lies");
  }

  @Test
  void aWorkersFileWithAUriThatIsNoneIsToldWithItsFault() throws Exception {
    WorkerConfiguration.embedded().write(directory.resolve(TokenWorker.CONFIGURATION));
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    Files.writeString(
        file, Files.readString(file).replace("{\n", "{\n  \"token\": \"http://hsm\",\n"));
    assertThat(end(pin -> ConfiguredToken.open(directory, pin, Disk.REAL), frame(0, NO_PIN)))
        .isEqualTo(WorkerProgram.NOT_OPENED);
    assertThat(said()).contains("worker.json: token: ");
  }

  @Test
  void aVariableThatIsWithheldIsNotInItsEnvironment() {
    assertThat(System.getenv()).containsKey("PATH");
    WorkerLaunch launch = new WorkerLaunch(List.of("worker"), Set.of("PATH"));
    assertThat(launch.processBuilder().environment()).doesNotContainKey("PATH");
  }
}
