package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.verifier.Digest;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** Keys on their way to another worker: meanwhile they sign nothing here, and their rules stand. */
final class Departures {
  private final ReadWriteLock uses = new ReentrantReadWriteLock();
  private final Set<Digest> leaving = ConcurrentHashMap.newKeySet();

  /**
   * Does something with keys that stay for as long as it takes.
   *
   * @throws TokenUnavailable when one of them is leaving
   */
  <T> T staying(Collection<Digest> keyIds, Supplier<T> action) {
    uses.readLock().lock();
    try {
      keyIds.forEach(this::requireStaying);
      return action.get();
    } finally {
      uses.readLock().unlock();
    }
  }

  void staying(Digest keyId, Runnable action) {
    staying(
        List.of(keyId),
        () -> {
          action.run();
          return keyId;
        });
  }

  /**
   * Does something while nobody uses the key, once whatever is under way has ended.
   *
   * @throws TokenUnavailable when it is leaving already
   */
  void leaving(Digest keyId, Runnable action) {
    uses.writeLock().lock();
    try {
      requireStaying(keyId);
      leaving.add(keyId);
    } finally {
      uses.writeLock().unlock();
    }
    try {
      action.run();
    } finally {
      leaving.remove(keyId);
    }
  }

  private void requireStaying(Digest keyId) {
    if (leaving.contains(keyId)) {
      throw new TokenUnavailable(
          "key " + keyId.abbreviated() + " is being moved to another token; ask again");
    }
  }
}
