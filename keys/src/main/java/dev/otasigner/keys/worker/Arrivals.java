package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * How keys come into the token: made there, imported, adopted, or taken over from another worker.
 * No key is without a rule for longer than a crash lasts: asked again, its making is finished.
 */
final class Arrivals {
  private final Token token;
  private final ConfigurationFile configuration;
  private final Journal journal;
  private final Usage usage;

  Arrivals(Token token, ConfigurationFile configuration, Journal journal, Usage usage) {
    this.token = token;
    this.configuration = configuration;
    this.journal = journal;
    this.usage = usage;
  }

  TokenKey create(KeySpec spec) {
    synchronized (configuration) {
      WorkerConfiguration.Default usual = usual(spec.purpose());
      Limits limits = usual.limits().narrowedTo(spec.limits());
      requireFree(spec);
      return make(
          spec,
          any -> true,
          () -> token.generate(spec),
          key ->
              rule(key.publicKey())
                  .map(written -> kept(written, spec))
                  .orElseGet(
                      () -> new Rule(key.keyId(), key.purpose(), usual.minApprovals(), limits)));
    }
  }

  TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    try {
      Token.Import importing = importing();
      VerificationKey given = importing.publicHalf(spec.suite(), pkcs8);
      return takeIn(spec, given, () -> importing.importKey(spec, pkcs8), rule -> rule);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  TokenKey adopt(KeySpec spec, String uri) {
    if (!(token instanceof Token.Adoption adopting)) {
      throw new NotSupported("this token adopts no keys");
    }
    VerificationKey given = adopting.publicHalf(spec.suite(), uri);
    return takeIn(spec, given, () -> adopting.adopt(spec, uri), rule -> rule);
  }

  TokenKey takeOver(MovedKey key, byte[] pkcs8) {
    try {
      Token.Import importing = importing();
      KeySpec spec = key.spec();
      VerificationKey given = importing.publicHalf(spec.suite(), pkcs8);
      key.requireIs(given);
      usage.requireInService(given.keyId());
      Optional<Rule> before = rule(given);
      boolean wasThere = before.isPresent() && known(spec, given).isPresent();
      TokenKey taken =
          takeIn(
              spec,
              given,
              () -> importing.importKey(spec, pkcs8),
              rule -> configuration.now().requireApproversFor(rule.within(key.rule())));
      try {
        key.requireSigns(token);
      } catch (TokenUnavailable e) {
        throw e; // it may sign later; asked again, it is tried again
      } catch (KeyOperationException e) {
        if (!wasThere) {
          undo(taken.keyId(), before);
        }
        throw e;
      }
      return taken;
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  /** The rule that a person wrote for the key before it came stays. */
  private void undo(Digest keyId, Optional<Rule> before) {
    if (token instanceof Token.Destruction destruction) {
      destruction.destroy(keyId);
      configuration.change(
          current ->
              before.map(rule -> current.with(rule, "")).orElseGet(() -> current.without(keyId)));
    }
  }

  private Token.Import importing() {
    if (token instanceof Token.Import importing) {
      return importing;
    }
    throw new NotSupported("this token takes in no keys");
  }

  /** What the file says of the key, by a person's hand or the worker's. */
  private Optional<Rule> rule(VerificationKey key) {
    return Optional.ofNullable(configuration.written().rules().get(key.keyId()));
  }

  private Optional<TokenKey> known(KeySpec spec, VerificationKey given) {
    return token.find(spec.name()).filter(key -> key.publicKey().equals(given) && spec.isFor(key));
  }

  /**
   * Takes in the given key. A rule that a person wrote for it before stays, at most narrowed.
   *
   * @param narrowing applied to the key's rule before the key comes; what it throws keeps it out
   */
  private TokenKey takeIn(
      KeySpec spec,
      VerificationKey given,
      Supplier<TokenKey> taking,
      UnaryOperator<Rule> narrowing) {
    synchronized (configuration) {
      configuration.now().requireNoApproverKey(given.keyId());
      Optional<Rule> written = rule(given);
      Optional<TokenKey> known = known(spec, given);
      if (known.isPresent() && written.isPresent() && !isUnfinished(spec)) {
        configuration.changeRule(
            given.keyId(), rule -> narrowing.apply(rule.narrowedTo(spec.limits())));
        return known.get();
      }
      requireFree(spec);
      requireNotApproval(spec.purpose());
      Rule own = written.orElseGet(() -> usual(spec.purpose()).rule(given.keyId(), spec.purpose()));
      Rule rule = narrowing.apply(kept(own, spec));
      return make(spec, key -> key.publicKey().equals(given), taking, key -> rule);
    }
  }

  /** A rule that stands already, for a key that is wished for. */
  private static Rule kept(Rule own, KeySpec spec) {
    own.requirePurpose(spec.purpose());
    return own.narrowedTo(spec.limits());
  }

  /** What a key of the purpose gets that has no rule yet. */
  private WorkerConfiguration.Default usual(KeyPurpose purpose) {
    requireNotApproval(purpose);
    WorkerConfiguration.Default usual = configuration.now().defaults().get(purpose);
    if (usual == null) {
      throw notMade(purpose);
    }
    return usual;
  }

  /** Whoever approves holds the key. */
  private static void requireNotApproval(KeyPurpose purpose) {
    if (purpose == KeyPurpose.APPROVAL) {
      throw notMade(purpose);
    }
  }

  private static NotSupported notMade(KeyPurpose purpose) {
    return new NotSupported(
        "the worker's configuration makes no keys of purpose " + purpose.code());
  }

  private void requireFree(KeySpec spec) {
    if (token.find(spec.name()).isPresent() && !isUnfinished(spec)) {
      throw new NameTaken("the token holds a key named '" + spec.name() + "' already");
    }
  }

  /** The process ended before the key had its rule. */
  private boolean isUnfinished(KeySpec spec) {
    return configuration.now().pending().contains(spec.name());
  }

  /** Makes a key and its rule; a key whose making was interrupted is taken up if it is wanted. */
  private TokenKey make(
      KeySpec spec,
      Predicate<TokenKey> wanted,
      Supplier<TokenKey> making,
      Function<TokenKey, Rule> rule) {
    journal.requireUsable();
    Optional<TokenKey> there = token.find(spec.name());
    if (there.isEmpty()) {
      configuration.change(current -> current.withPending(spec.name()));
    }
    TokenKey key;
    try {
      key = there.filter(wanted).filter(spec::isFor).orElseGet(making);
    } catch (KeyOperationException e) {
      if (!(e instanceof TokenUnavailable) && token.find(spec.name()).isEmpty()) {
        configuration.change(current -> current.withoutPending(spec.name())); // nothing was made
      }
      throw e;
    }
    configuration.change(current -> current.with(rule.apply(key), key.name()));
    return key;
  }
}
