package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A client of a simulated repository, with a store that outlives its updates and a clock. */
final class TestClient {
  private final RepositorySimulator repository;
  private final MemoryStore store = new MemoryStore();
  private TufLimits limits = TufLimits.COMMON;
  private LineagePolicy policy = LineagePolicy.tufAlone();
  private Instant now = RepositorySimulator.START;

  /** Trusts the repository's root as it is now. */
  TestClient(RepositorySimulator repository) {
    this.repository = repository;
    byte[] root = repository.latest(Metadata.ROOT);
    try {
      Updater.trustRoot(store, root, Digest.of(root));
    } catch (IOException | RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  TestClient limits(TufLimits with) {
    limits = with;
    return this;
  }

  TestClient policy(LineagePolicy with) {
    policy = with;
    return this;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  void at(Instant time) {
    now = time;
  }

  MemoryStore store() {
    return store;
  }

  Updater updater() throws IOException, RejectedException {
    return new Updater(store, repository, limits, policy, now);
  }

  /** One whole update; the requests of earlier ones are forgotten. */
  Updater refresh() throws IOException, RejectedException {
    repository.requests().clear();
    Updater updater = updater();
    updater.refresh();
    return updater;
  }

  /** The version that the client trusts on its disk; 0 when it trusts none. */
  long trusted(String role) throws RejectedException {
    byte[] bytes = store.load(role).orElse(null);
    if (bytes == null) {
      return 0;
    }
    return switch (role) {
      case Metadata.ROOT -> SignedMetadata.root(bytes, bytes.length).signed().version();
      case Metadata.TIMESTAMP -> SignedMetadata.timestamp(bytes, bytes.length).signed().version();
      case Metadata.SNAPSHOT -> SignedMetadata.snapshot(bytes, bytes.length).signed().version();
      default -> SignedMetadata.targets(bytes, bytes.length).signed().version();
    };
  }

  /** The next update is refused for this reason, and nothing of this role is taken over. */
  void assertRefused(Reason reason, String role) throws RejectedException {
    byte[] before = store.load(role).orElse(new byte[0]);
    assertRefused(reason, this::refresh);
    assertThat(store.load(role).orElse(new byte[0])).as("stored " + role).isEqualTo(before);
  }

  static void assertRefused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
  }
}
