package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException.NotUsable;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.springframework.stereotype.Component;

/**
 * The one way to a signature by the service's keys. Every refusal is a {@link SignerException}:
 * NOT_FOUND, KEY_NOT_USABLE and APPROVAL_MISSING (with member {@code code}), TOKEN_UNAVAILABLE.
 */
@Component
public class KeySignatures {
  private final Keyring keyring;
  private final Tokens tokens;
  private final AuditLog audit;
  private final Metrics metrics;

  KeySignatures(Keyring keyring, Tokens tokens, AuditLog audit, Metrics metrics) {
    this.keyring = keyring;
    this.tokens = tokens;
    this.audit = audit;
    this.metrics = metrics;
  }

  /**
   * An unattended signature: over a TUF role in its canonical JSON whatever the suite, a
   * certificate's TBSCertificate, a checkpoint.
   */
  public byte[] sign(Digest keyId, SigningInput input) {
    return sign(WorkerRequest.unattended(Digest.of(input.bytes()), keyId, input));
  }

  /**
   * A signature for a request, with the document that approvers approved.
   *
   * @param document canonical JSON
   * @param approvals DSSE envelopes
   */
  public byte[] sign(Digest keyId, Bytes document, SigningInput input, List<Bytes> approvals) {
    return sign(request(keyId, document, input, approvals));
  }

  /**
   * The same for a caller who has more to record, and records this use with it.
   *
   * @param uses is told of a use that belongs into the audit log
   */
  public byte[] sign(
      Digest keyId,
      Bytes document,
      SigningInput input,
      List<Bytes> approvals,
      Consumer<KeyUse> uses) {
    return signAll(List.of(request(keyId, document, input, approvals)), uses).get(0).toByteArray();
  }

  private static WorkerRequest request(
      Digest keyId, Bytes document, SigningInput input, List<Bytes> approvals) {
    return new WorkerRequest(Digest.of(document), Optional.of(document), keyId, input, approvals);
  }

  private byte[] sign(WorkerRequest request) {
    return signAll(List.of(request)).get(0).toByteArray();
  }

  /**
   * Several signatures, all or none, in the order of the requests. Where they come from two tokens,
   * what the first one signed does not leave when the second one fails.
   */
  public List<Bytes> signAll(List<WorkerRequest> requests) {
    return signAll(requests, this::record);
  }

  private List<Bytes> signAll(List<WorkerRequest> requests, Consumer<KeyUse> uses) {
    List<KeyEntry> keys = requests.stream().map(request -> active(request.keyId())).toList();
    long begun = System.nanoTime();
    List<Bytes> signatures = Refusals.told(() -> signedBy(keys, requests));
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    keys.forEach(
        key ->
            metrics.took(
                Metric.SIGNATURES,
                took,
                key.purpose().code(),
                key.suite().code(),
                key.token().code()));
    for (int i = 0; i < keys.size(); i++) {
      if (keys.get(i).purpose().isGuarded()) {
        // What signs unattended is recorded by whoever has it sign: a publication, a certificate.
        uses.accept(use(keys.get(i), requests.get(i), signatures.get(i)));
      }
    }
    return signatures;
  }

  private KeyEntry active(Digest keyId) {
    KeyEntry key = keyring.byId(keyId);
    if (key.state() != KeyState.ACTIVE) {
      throw Refusals.of(new NotUsable(key.name(), key.state(), "sign"));
    }
    return key;
  }

  /** Each token signs once, for all of its keys. */
  private List<Bytes> signedBy(List<KeyEntry> keys, List<WorkerRequest> requests) {
    Map<TokenName, List<WorkerRequest>> parts = new EnumMap<>(TokenName.class);
    for (int i = 0; i < keys.size(); i++) {
      parts.computeIfAbsent(keys.get(i).token(), token -> new ArrayList<>()).add(requests.get(i));
    }
    Map<TokenName, Iterator<Bytes>> made = new EnumMap<>(TokenName.class);
    parts.forEach((token, part) -> made.put(token, tokens.of(token).sign(part).iterator()));
    return keys.stream().map(key -> Objects.requireNonNull(made.get(key.token())).next()).toList();
  }

  private static KeyUse use(KeyEntry key, WorkerRequest request, Bytes signature) {
    return new KeyUse(
        key.name(), key.keyId(), key.purpose(), request.request(), Digest.of(signature));
  }

  /** Puts a use into the audit log, in the transaction under way or in one of its own. */
  public void record(KeyUse use) {
    audit.record(
        "key.used",
        "key:" + use.name(),
        Map.of(
            "keyId", use.keyId().hex(),
            "purpose", use.purpose().code(),
            "request", use.request().hex(),
            "signature", use.signature().hex()));
  }
}
