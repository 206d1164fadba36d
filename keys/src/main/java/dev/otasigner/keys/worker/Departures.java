package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * How keys leave the token: destroyed, or moved into another worker's. While a key is on its way it
 * signs nothing here, and its rule stands.
 */
final class Departures {
  private final Token token;
  private final ConfigurationFile configuration;
  private final Journal journal;
  private final Usage usage;
  private final ReadWriteLock uses = new ReentrantReadWriteLock();
  private final Set<Digest> leaving = ConcurrentHashMap.newKeySet();

  Departures(Token token, ConfigurationFile configuration, Journal journal, Usage usage) {
    this.token = token;
    this.configuration = configuration;
    this.journal = journal;
    this.usage = usage;
  }

  /** {@link TokenWorker#move}. */
  void move(Digest keyId, Instant now, Worker receiver, Runnable taken) {
    if (!(token instanceof Token.Departure departing)) {
      throw new NotSupported("this token gives no key away");
    }
    leaving(
        keyId,
        () -> {
          journal.requireUsable();
          token.publicKey(keyId);
          Rule rule = configuration.now().require(keyId);
          usage.requireInService(keyId);
          MovedKey key = MovedKey.of(token, rule, Moved.after(now, usage.used(rule, now)));
          configuration.changeRule(keyId, r -> r.handedOver(true));
          try {
            departing.handOver(keyId, pkcs8 -> receiver.takeOver(key, pkcs8));
          } catch (KeyOperationException e) {
            if (!rule.handedOver() && !(e instanceof TokenUnavailable)) {
              configuration.changeRule(keyId, r -> r.handedOver(false)); // the other one said no
            }
            throw e;
          }
          taken.run();
          erase(keyId);
        });
  }

  /** Erases key and rule. */
  void erase(Digest keyId) {
    if (!(token instanceof Token.Destruction destruction)) {
      throw new NotSupported("this token erases no keys");
    }
    synchronized (configuration) {
      destruction.destroy(keyId);
      configuration.change(current -> current.without(keyId));
    }
  }

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
  private void leaving(Digest keyId, Runnable action) {
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
