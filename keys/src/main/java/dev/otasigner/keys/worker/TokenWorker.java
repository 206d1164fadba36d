package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.ExclusiveLock;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * The worker that holds the token itself, and decides, from its own files alone, what its keys
 * sign.
 *
 * <p>For each signature, in this order: rule, purpose, content, approvals and quota are checked;
 * the intent is made durable; the token signs; the signature is verified; the outcome is made
 * durable; only then is the signature returned. Several signatures of one call are all returned or
 * none.
 *
 * <p>In its directory lie {@code worker.json} (configuration, read when it starts), {@code
 * journal.log} (intents) and its lock. Safe for use by several threads.
 */
public final class TokenWorker implements Worker {
  public static final String CONFIGURATION = "worker.json";
  public static final String JOURNAL = "journal.log";
  private static final String LOCK = "worker";

  private final Path configurationFile;
  private final Token token;
  private final Clock clock;
  private final Disk disk;
  private final ExclusiveLock lock;
  private final Journal journal;
  private final Recovery recovery;
  private final Usage usage;
  private final Departures departures = new Departures();
  private volatile WorkerConfiguration configuration;

  private TokenWorker(
      Path directory,
      Token token,
      Clock clock,
      Disk disk,
      ExclusiveLock lock,
      JournalFile journalFile)
      throws IOException {
    this.configurationFile = directory.resolve(CONFIGURATION);
    this.token = token;
    this.clock = clock;
    this.disk = disk;
    this.lock = lock;
    this.usage = new Usage(Restored.in(directory));
    this.configuration = configure(configurationFile, disk);
    configuration.requireNoApproverKeyIn(token);
    Journal.Opened opened =
        Journal.open(journalFile, lock::require, usage, OwedMark.in(directory, disk));
    this.journal = opened.journal();
    this.recovery = opened.recovery();
  }

  /**
   * Starts the worker of this directory; the worker closes the token when it is closed. A directory
   * without a configuration gets the embedded default, which gives no existing key a rule.
   *
   * @throws TokenUnavailable when another worker is active there, or its files are damaged
   */
  public static TokenWorker open(Path directory, Token token, Clock clock) {
    return open(directory, token, clock, () -> JournalFile.on(directory.resolve(JOURNAL)));
  }

  /** Where the journal lies: in tests, on a disk whose power is cut. */
  interface JournalSource {
    JournalFile open() throws IOException;
  }

  static TokenWorker open(Path directory, Token token, Clock clock, JournalSource journal) {
    return open(directory, token, clock, Disk.REAL, ExclusiveLock.take(directory, LOCK), journal);
  }

  /**
   * Starts the worker of this directory once no other one is active there, however long that takes,
   * and reads anew what the other one has left.
   *
   * @throws TokenUnavailable when its files are damaged, or the token is gone meanwhile
   */
  static TokenWorker await(Path directory, Token token, Clock clock, Disk disk) {
    ExclusiveLock lock = ExclusiveLock.await(directory, LOCK, disk);
    return open(
        directory,
        token,
        clock,
        disk,
        lock,
        () -> {
          if (token instanceof Token.Reread reread) {
            reread.reread();
          }
          return JournalFile.on(directory.resolve(JOURNAL), disk);
        });
  }

  private static TokenWorker open(
      Path directory,
      Token token,
      Clock clock,
      Disk disk,
      ExclusiveLock lock,
      JournalSource journal) {
    boolean opened = false;
    try {
      TokenWorker worker = new TokenWorker(directory, token, clock, disk, lock, journal.open());
      opened = true;
      return worker;
    } catch (IOException e) {
      throw new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  private static WorkerConfiguration configure(Path file, Disk disk) {
    if (!Files.exists(file)) {
      WorkerConfiguration.embedded().write(file, disk);
    }
    return WorkerConfiguration.read(file);
  }

  /** What the journal held at the start. */
  public Recovery recovery() {
    return recovery;
  }

  @Override
  public TokenKey create(KeySpec spec) {
    return make(spec, Optional.empty(), () -> token.generate(spec), rule -> rule);
  }

  @Override
  public TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    try {
      Token.Import importing = importing();
      VerificationKey given = importing.publicHalf(spec.suite(), pkcs8);
      return takeIn(spec, given, () -> importing.importKey(spec, pkcs8), rule -> rule);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private Token.Import importing() {
    if (token instanceof Token.Import importing) {
      return importing;
    }
    throw new NotSupported("this token takes in no keys");
  }

  @Override
  public TokenKey takeOver(MovedKey key, byte[] pkcs8) {
    try {
      Token.Import importing = importing();
      KeySpec spec = key.spec();
      VerificationKey given = importing.publicHalf(spec.suite(), pkcs8);
      key.requireIs(given);
      configuration.requireApproversFor(key.rule());
      boolean wasThere = token.find(spec.name()).isPresent();
      TokenKey taken =
          takeIn(
              spec, given, () -> importing.importKey(spec, pkcs8), rule -> rule.within(key.rule()));
      if (!MovedKey.signs(taken, token)) {
        if (!wasThere) {
          destroy(taken.keyId());
        }
        throw new WrongSignature(taken.keyId());
      }
      return taken;
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  /**
   * Moves a key into another worker's token, for good. The private key goes from one token to the
   * other and nowhere else. Until it is erased here, it signs here or not at all; killed on the
   * way, it signs on here, unless the caller has noted that it is there, and asking again finishes
   * the move.
   *
   * @param taken told when the key is in the other token, has signed there, and is about to be
   *     erased here
   * @throws NoSuchKey when it is not here, or no longer
   * @throws KeyOperationException other than {@link TokenUnavailable} when the other worker does
   *     not take the key; nothing has changed then
   */
  public void move(Digest keyId, Worker receiver, Runnable taken) {
    if (!(token instanceof Token.Departure departing)) {
      throw new NotSupported("this token gives no key away");
    }
    departures.leaving(
        keyId,
        () -> {
          journal.requireUsable();
          token.publicKey(keyId);
          Rule rule = configuration.require(keyId);
          usage.requireInService(keyId);
          Instant now = clock.instant();
          MovedKey key = MovedKey.of(token, rule, Moved.after(now, usage.used(rule, now)));
          changeRule(keyId, r -> r.handedOver(true));
          try {
            departing.handOver(keyId, pkcs8 -> receiver.takeOver(key, pkcs8));
          } catch (KeyOperationException e) {
            if (!rule.handedOver() && !(e instanceof TokenUnavailable)) {
              changeRule(keyId, r -> r.handedOver(false)); // the other one said no
            }
            throw e;
          }
          taken.run();
          erase(keyId);
        });
  }

  @Override
  public TokenKey adopt(KeySpec spec, String uri) {
    if (!(token instanceof Token.Adoption adopting)) {
      throw new NotSupported("this token adopts no keys");
    }
    VerificationKey given = adopting.publicHalf(spec.suite(), uri);
    return takeIn(spec, given, () -> adopting.adopt(spec, uri), rule -> rule);
  }

  private TokenKey takeIn(
      KeySpec spec,
      VerificationKey given,
      Supplier<TokenKey> taking,
      UnaryOperator<Rule> narrowing) {
    configuration.requireNoApproverKey(given.keyId());
    Optional<TokenKey> known =
        token.find(spec.name()).filter(key -> key.publicKey().equals(given) && spec.isFor(key));
    if (known.isEmpty() || rule(given.keyId()).isEmpty()) {
      return make(spec, Optional.of(given), taking, narrowing);
    }
    changeRule(given.keyId(), rule -> narrowing.apply(rule.narrowedTo(spec.limits())));
    return known.get();
  }

  /**
   * Makes a key and its rule; a key whose making was interrupted is taken up if it is wanted. A
   * rule that a person wrote for a key before it is taken in stays, at most narrowed.
   *
   * @param given the only key that is wanted, or empty for any
   */
  private synchronized TokenKey make(
      KeySpec spec,
      Optional<VerificationKey> given,
      Supplier<TokenKey> making,
      UnaryOperator<Rule> narrowing) {
    journal.requireUsable();
    Optional<Rule> written =
        given.map(key -> WorkerConfiguration.read(configurationFile).rules().get(key.keyId()));
    WorkerConfiguration.Default rule =
        written.map(Rule::withoutDates).orElse(configuration.defaults().get(spec.purpose()));
    if (rule == null || spec.purpose() == KeyPurpose.APPROVAL) {
      throw new NotSupported(
          "the worker's configuration makes no keys of purpose " + spec.purpose().code());
    }
    Limits limits =
        written
            .map(Rule::limits)
            .orElse(new Limits(Optional.empty(), Optional.empty(), rule.quota()))
            .narrowedTo(spec.limits());
    Optional<TokenKey> unfinished =
        configuration.pending().contains(spec.name()) ? token.find(spec.name()) : Optional.empty();
    if (unfinished.isEmpty() && token.find(spec.name()).isPresent()) {
      throw new NameTaken("the token holds a key named '" + spec.name() + "' already");
    }
    written.ifPresent(own -> own.requirePurpose(spec.purpose()));
    if (unfinished.isEmpty()) {
      change(WorkerConfiguration.read(configurationFile).withPending(spec.name()));
    }
    TokenKey key =
        unfinished
            .filter(k -> given.isEmpty() || k.publicKey().equals(given.get()))
            .filter(spec::isFor)
            .orElseGet(making);
    change(
        WorkerConfiguration.read(configurationFile)
            .with(
                narrowing.apply(
                    written
                        .map(own -> own.narrowedTo(spec.limits()))
                        .orElse(new Rule(key.keyId(), key.purpose(), rule.minApprovals(), limits))),
                key.name()));
    return key;
  }

  private void change(WorkerConfiguration changed) {
    changed.write(configurationFile, disk);
    configuration = changed;
  }

  @Override
  public Optional<TokenKey> find(String name) {
    return token.find(name);
  }

  @Override
  public Optional<Rule> rule(Digest keyId) {
    return Optional.ofNullable(configuration.rules().get(keyId));
  }

  @Override
  public Set<Digest> outOfService() {
    return usage.outOfService();
  }

  @Override
  public void retire(Digest keyId) {
    departures.staying(keyId, () -> changeRule(keyId, rule -> rule.endingAt(clock.instant())));
  }

  @Override
  public void narrow(Digest keyId, Limits limits) {
    departures.staying(keyId, () -> changeRule(keyId, rule -> rule.narrowedTo(limits)));
  }

  private synchronized void changeRule(Digest keyId, UnaryOperator<Rule> change) {
    WorkerConfiguration current = WorkerConfiguration.read(configurationFile);
    Rule rule = current.require(keyId);
    Rule changed = change.apply(rule);
    if (!changed.equals(rule)) {
      change(current.with(changed, ""));
    }
  }

  @Override
  public Optional<Long> remaining(Digest keyId) {
    return rule(keyId).flatMap(rule -> usage.remaining(rule, clock.instant()));
  }

  @Override
  public void destroy(Digest keyId) {
    departures.staying(keyId, () -> erase(keyId));
  }

  private synchronized void erase(Digest keyId) {
    if (!(token instanceof Token.Destruction destruction)) {
      throw new NotSupported("this token erases no keys");
    }
    destruction.destroy(keyId);
    change(WorkerConfiguration.read(configurationFile).without(keyId));
  }

  @Override
  public List<Bytes> sign(List<WorkerRequest> requests) {
    return departures.staying(
        requests.stream().map(WorkerRequest::keyId).toList(),
        () -> {
          journal.requireUsable();
          return new SigningRun(configuration, token, usage, journal, clock.instant())
              .sign(requests);
        });
  }

  @Override
  public void probe() {
    journal.requireUsable();
    if (!(token instanceof Token.Probe probing)) {
      throw new NotSupported("this token has no probe");
    }
    Token.Probe.Probed probed = probing.probe();
    try {
      probed.key().verify(probed.challenge().toByteArray(), probed.signature().toByteArray());
    } catch (RejectedException e) {
      throw new TokenUnavailable("the token's probe signature does not verify", e);
    }
  }

  @Override
  public void close() {
    try {
      journal.close();
    } finally {
      lock.close();
      token.close();
    }
  }
}
