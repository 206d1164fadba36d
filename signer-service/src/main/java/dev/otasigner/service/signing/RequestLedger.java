package dev.otasigner.service.signing;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.SigningAttempt.Outcome;
import dev.otasigner.verifier.manifest.Manifest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Requests in the database. Every change is a transaction of its own, with its record in the audit
 * log, and durable when it returns.
 */
final class RequestLedger {
  private static final List<RequestState> UNFINISHED =
      java.util.Arrays.stream(RequestState.values()).filter(s -> !s.isFinal()).toList();
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");
  private static final UUID FIRST = new UUID(0, 0);
  private static final UUID LAST = new UUID(-1, -1);

  private final TransactionOperations transactions;
  private final SigningRequestStore requests;
  private final SigningAttemptStore attempts;
  private final Builds builds;
  private final AuditLog audit;

  RequestLedger(
      TransactionOperations transactions,
      SigningRequestStore requests,
      SigningAttemptStore attempts,
      Builds builds,
      AuditLog audit) {
    this.transactions = transactions;
    this.requests = requests;
    this.attempts = attempts;
    this.builds = builds;
    this.audit = audit;
  }

  Optional<SigningRequest> find(UUID id) {
    return requests.findById(id);
  }

  /**
   * The request of this id.
   *
   * @throws SignerException NOT_FOUND
   */
  SigningRequest get(UUID id) {
    return find(id).orElseThrow(() -> SignerException.notFound("request " + id));
  }

  Optional<SigningRequest> findByIdempotencyKey(
      String product, String requester, @Nullable String key) {
    return key == null
        ? Optional.empty()
        : requests.findByProductAndRequesterAndIdempotencyKey(product, requester, key);
  }

  /**
   * Requests of a product, newest first.
   *
   * @param from begins with this one
   */
  List<SigningRequest> of(
      String product, Set<RequestState> states, Optional<SigningRequest> from, int limit) {
    return requests.newest(
        product,
        states,
        from.map(SigningRequest::created).orElse(LATEST),
        from.map(SigningRequest::id).orElse(LAST),
        Limit.of(limit));
  }

  /**
   * Requests of these products, or of all where none is named, oldest first.
   *
   * @param from begins with this one
   */
  List<SigningRequest> oldest(
      Set<String> products, Set<RequestState> states, Optional<SigningRequest> from, int limit) {
    Instant created = from.map(SigningRequest::created).orElse(Instant.EPOCH);
    UUID id = from.map(SigningRequest::id).orElse(FIRST);
    return products.isEmpty()
        ? requests.oldest(states, created, id, Limit.of(limit))
        : requests.oldestOf(products, states, created, id, Limit.of(limit));
  }

  /** Requests that have not come to their end, oldest first. */
  List<UUID> unfinished() {
    return requests.idsIn(UNFINISHED);
  }

  List<SigningAttempt> attempts(UUID id) {
    return attempts.findByKeyRequestOrderByKeyNumber(id);
  }

  SigningRequest receive(SigningRequest request) {
    return transact(
        () -> {
          requests.save(request);
          builds.uploads().name(request.product(), request.spec().payload());
          record(
              request,
              Map.of(
                  "product", request.product(),
                  "version", request.spec().version().toString(),
                  "payload", request.spec().payload().hex()));
          return request;
        });
  }

  /** Several edges in one transaction: durable together, when it returns. */
  SigningRequest together(Supplier<SigningRequest> edges) {
    return transact(edges);
  }

  /** The same for edges of several requests. */
  List<SigningRequest> atOnce(Supplier<List<SigningRequest>> edges) {
    return transact(edges);
  }

  /** Moves a request along one edge. */
  SigningRequest change(UUID id, Consumer<SigningRequest> edge) {
    return change(id, edge, Map.of());
  }

  /** The same with details for the audit log. */
  SigningRequest change(UUID id, Consumer<SigningRequest> edge, Map<String, String> details) {
    return transact(
        () -> {
          SigningRequest request = get(id);
          edge.accept(request);
          requests.save(request);
          record(request, details);
          return request;
        });
  }

  /** Begins an attempt; one that was left open by a crash is closed as interrupted. */
  SigningRequest intend(UUID id, Consumer<SigningRequest> edge, SigningAttemptMaker maker) {
    return transact(
        () -> {
          SigningRequest request = get(id);
          closeOpen(id, Outcome.INTERRUPTED);
          edge.accept(request);
          requests.save(request);
          attempts.save(maker.make(request));
          record(request, Map.of());
          return request;
        });
  }

  /** Closes the open attempt of a request that stays where it is. */
  void closeAttempt(UUID id, Outcome outcome) {
    transact(
        () -> {
          closeOpen(id, outcome);
          return id;
        });
  }

  /** Makes the row of a new attempt from the request that was moved. */
  interface SigningAttemptMaker {
    SigningAttempt make(SigningRequest request);
  }

  /** Moves a request along one edge and closes its open attempt. */
  SigningRequest close(
      UUID id, Outcome outcome, Consumer<SigningRequest> edge, Map<String, String> details) {
    return transact(
        () -> {
          SigningRequest request = get(id);
          closeOpen(id, outcome);
          edge.accept(request);
          requests.save(request);
          record(request, details);
          return request;
        });
  }

  /** Releases a build: the one step that makes anything of a request fetchable. */
  SigningRequest release(UUID id, Build build, Manifest manifest, Consumer<SigningRequest> edge) {
    return transact(
        () -> {
          SigningRequest request = get(id);
          edge.accept(request);
          requests.save(request);
          builds.add(build, manifest);
          record(request, Map.of("manifest", build.manifest().hex()));
          return request;
        });
  }

  private void closeOpen(UUID id, Outcome outcome) {
    for (SigningAttempt attempt : attempts(id)) {
      if (attempt.outcome() == Outcome.BEGUN) {
        attempt.close(outcome);
        attempts.save(attempt);
      }
    }
  }

  private void record(SigningRequest request, Map<String, String> details) {
    audit.record("request." + request.state().code(), "request:" + request.id(), details);
  }

  private <T> T transact(Supplier<T> work) {
    T result = transactions.execute(status -> work.get());
    if (result == null) {
      throw new IllegalStateException("a transaction without a result");
    }
    return result;
  }
}
