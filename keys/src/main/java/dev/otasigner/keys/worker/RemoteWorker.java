package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.worker.WorkerCall.Operation;
import dev.otasigner.keys.worker.WorkerSupervisor.Rivals;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A worker whose token lies in a process of its own: this side asks, and keeps a process and its
 * hot spare running. Nothing is asked twice: a call whose process ends fails as {@link
 * TokenUnavailable}, and whoever asks again gets the signature that was made, if one was.
 */
public final class RemoteWorker implements Worker {
  private final WorkerSupervisor supervisor;

  private RemoteWorker(WorkerSupervisor supervisor) {
    this.supervisor = supervisor;
  }

  /**
   * Starts the processes, and does not wait: a token may be away when the service starts.
   *
   * @param told what an operator should know, each time it changes
   */
  public static RemoteWorker start(
      WorkerLaunch launch, WorkerPatience patience, Consumer<String> told) {
    return start(launch, patience, new byte[0], told, Rivals.AWAITED);
  }

  /**
   * The same for whoever holds the lease of the service's own worker: a worker that another service
   * has started, which held that lease before, is overtaken.
   */
  public static RemoteWorker startUnder(
      WorkerLease lease,
      WorkerLaunch launch,
      WorkerPatience patience,
      Optional<Passphrase> pin,
      Consumer<String> told) {
    lease.require();
    byte[] utf8 = pin.map(RemoteWorker::utf8).orElseGet(() -> new byte[0]);
    return start(launch, patience, utf8, told, Rivals.OVERTAKEN);
  }

  /** The same with a PIN that somebody typed, for a worker whose file names none. */
  public static RemoteWorker start(
      WorkerLaunch launch, WorkerPatience patience, Passphrase pin, Consumer<String> told) {
    return start(launch, patience, utf8(pin), told, Rivals.AWAITED);
  }

  private static byte[] utf8(Passphrase pin) {
    char[] typed = pin.characters();
    ByteBuffer encoded = ByteBuffer.allocate(4 * typed.length);
    StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(typed), encoded, true);
    byte[] utf8 = Arrays.copyOf(encoded.array(), encoded.position());
    Arrays.fill(encoded.array(), (byte) 0);
    Arrays.fill(typed, '\0');
    return utf8;
  }

  private static RemoteWorker start(
      WorkerLaunch launch,
      WorkerPatience patience,
      byte[] pin,
      Consumer<String> told,
      Rivals rivals) {
    WorkerSupervisor supervisor = new WorkerSupervisor(launch, patience, pin, told, rivals);
    supervisor.start();
    return new RemoteWorker(supervisor);
  }

  /** How the processes fare. */
  public Standing standing() {
    return supervisor.standing();
  }

  long activePid() {
    return supervisor.activePid();
  }

  /**
   * How the processes of a worker fare.
   *
   * @param active whether one of them answers
   * @param spare whether another one waits to take over
   * @param ended how many have ended since the start
   * @param trouble why the last one ended, as long as none is active
   */
  public record Standing(boolean active, boolean spare, long ended, Optional<String> trouble) {}

  @Override
  public TokenKey create(KeySpec spec) {
    return read(ask(new WorkerCall.Create(spec)), WorkerAnswer::readKey);
  }

  @Override
  public TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    try {
      return read(ask(new WorkerCall.Import(spec, Bytes.copyOf(pkcs8))), WorkerAnswer::readKey);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  @Override
  public TokenKey takeOver(MovedKey key, byte[] pkcs8) {
    try {
      return read(ask(new WorkerCall.TakeOver(key, Bytes.copyOf(pkcs8))), WorkerAnswer::readKey);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  @Override
  public TokenKey adopt(KeySpec spec, String uri) {
    return read(ask(new WorkerCall.Adopt(spec, uri)), WorkerAnswer::readKey);
  }

  @Override
  public Optional<TokenKey> find(String name) {
    return read(ask(new WorkerCall.Find(name)), WorkerAnswer::readFound);
  }

  @Override
  public Optional<Rule> rule(Digest keyId) {
    return read(ask(Operation.RULE, Optional.of(keyId)), WorkerAnswer::readRule);
  }

  @Override
  public Set<Digest> outOfService() {
    return read(ask(Operation.OUT_OF_SERVICE, Optional.empty()), WorkerAnswer::readKeyIds);
  }

  @Override
  public void retire(Digest keyId) {
    ask(Operation.RETIRE, Optional.of(keyId));
  }

  @Override
  public void narrow(Digest keyId, Limits limits) {
    ask(new WorkerCall.Narrow(keyId, limits));
  }

  @Override
  public Optional<Long> remaining(Digest keyId) {
    return read(ask(Operation.REMAINING, Optional.of(keyId)), WorkerAnswer::readCount);
  }

  @Override
  public void destroy(Digest keyId) {
    ask(Operation.DESTROY, Optional.of(keyId));
  }

  @Override
  public List<Bytes> sign(List<WorkerRequest> requests) {
    if (requests.isEmpty()) {
      return List.of();
    }
    return read(
        ask(new WorkerCall.Sign(requests)),
        answer -> WorkerAnswer.readSignatures(answer, requests.size()));
  }

  @Override
  public void requireApproval(Bytes document, Bytes approval) {
    ask(new WorkerCall.JudgeApproval(document, approval));
  }

  @Override
  public void revoke(Bytes approval) {
    ask(new WorkerCall.Revoke(approval));
  }

  @Override
  public void probe() {
    ask(Operation.PROBE, Optional.empty());
  }

  private Fields ask(Operation operation, Optional<Digest> keyId) {
    return ask(new WorkerCall.Plain(operation, keyId));
  }

  private Fields ask(WorkerCall call) {
    Json.Obj json = call.toJson();
    if (json.textBytes().length > WorkerProtocol.MAX_BODY_BYTES) {
      throw new NotSupported(
          "a worker's process takes no call of over " + WorkerProtocol.MAX_BODY_BYTES + " bytes");
    }
    Fields answer = supervisor.ask(json, call.makesKey());
    return read(
        answer,
        fields -> {
          WorkerAnswer.requireNoError(fields);
          return fields;
        });
  }

  /** How an answer is read. */
  private interface Reading<T> {
    T of(Fields answer) throws RejectedException;
  }

  private static <T> T read(Fields answer, Reading<T> reading) {
    try {
      return reading.of(answer);
    } catch (RejectedException e) {
      throw new TokenUnavailable("the worker's answer: " + e.getMessage(), e);
    }
  }

  /** Ends the processes. */
  @Override
  public void close() {
    supervisor.close();
  }
}
