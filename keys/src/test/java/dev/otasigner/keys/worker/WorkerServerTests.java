package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Fields;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** What a worker's process answers when something goes wrong in it. */
@Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkerServerTests {
  private static final Digest KEY = Digest.of(new byte[] {1});

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final AtomicInteger ended = new AtomicInteger(-1);

  /** Has a worker that does this, whatever it is asked, answer one call. */
  private String answer(String operation, Supplier<Object> worker) throws IOException {
    WorkerServer server = new WorkerServer(said, ended::set);
    server.serve(
        (Worker)
            Proxy.newProxyInstance(
                Worker.class.getClassLoader(),
                new Class<?>[] {Worker.class},
                (proxy, method, arguments) ->
                    method.getName().equals("close") ? null : worker.get()));
    byte[] call = ("{\"op\":\"" + operation + "\"}").getBytes(StandardCharsets.UTF_8);
    server.take(new WorkerProtocol.Frame(1, call));
    server.close(); // waits for the answer
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void anAnswerThatIsTooLongForAFrameIsNotSent() throws IOException {
    Set<Digest> many = new HashSet<>();
    for (int i = 0; i < WorkerProtocol.MAX_BODY_BYTES / 64; i++) {
      many.add(Digest.of(Integer.toString(i).getBytes(StandardCharsets.UTF_8)));
    }
    assertThat(answer("out-of-service", () -> many)).contains("the answer is too long");
    assertThat(said.size()).isLessThan(1000);
  }

  @Test
  void anErrorOfTheJvmIsToldAsRetryableAndEndsTheProcess() throws IOException {
    assertThat(
            answer(
                "probe",
                () -> {
                  throw new NoClassDefFoundError("library");
                }))
        .contains("token-unavailable", "the worker failed");
    assertThat(ended).hasValue(WorkerProgram.TOKEN_LOST);
  }

  /** A message that nobody foresaw may quote what it should not. */
  @Test
  void ofAFaultOfTheProgramOnlyTheKindIsTold() throws IOException {
    assertThat(
            answer(
                "probe",
                () -> {
                  throw new IllegalStateException("the key is 42");
                }))
        .contains("failed", "IllegalStateException")
        .doesNotContain("42");
  }

  @Test
  void moreRequestsThanOneCallMayHoldAreRefused() throws RejectedException {
    WorkerRequest one = WorkerRequest.unattended(KEY, KEY, SigningInput.message(new byte[1]));
    byte[] most =
        new WorkerCall.Sign(Collections.nCopies(WorkerCall.MAX_REQUESTS, one)).toJson().textBytes();
    byte[] tooMany =
        new WorkerCall.Sign(Collections.nCopies(WorkerCall.MAX_REQUESTS + 1, one))
            .toJson()
            .textBytes();
    assertThat(WorkerCall.read(most)).isInstanceOf(WorkerCall.Sign.class);
    assertThatThrownBy(() -> WorkerCall.read(tooMany)).isInstanceOf(RejectedException.class);
  }

  @Test
  void fewerSignaturesThanWereAskedForAreNoAnswer() {
    Fields none = new Fields(WorkerAnswer.signatures(List.of()), "");
    assertThatThrownBy(() -> WorkerAnswer.readSignatures(none, 1))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("1 are expected");
  }
}
