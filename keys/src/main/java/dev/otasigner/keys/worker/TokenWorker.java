package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.ExclusiveLock;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

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
  static final String LOCK = "worker";

  private final Token token;
  private final Clock clock;
  private final Right right;
  private final ConfigurationFile configuration;
  private final Journal journal;
  private final Recovery recovery;
  private final Usage usage;
  private final Revocations revocations = new Revocations(Revocations.MAX);
  private final Arrivals arrivals;
  private final Departures departures;

  /**
   * To be the worker.
   *
   * @param givesBack whether it ends with the worker
   */
  private record Right(ExclusiveLock lock, boolean givesBack) implements AutoCloseable {
    JournalOpening journal(Path directory, Disk disk, Clock clock) {
      return () -> {
        JournalSegments segments = new JournalSegments(directory, disk);
        return lock.isSeized() ? segments.beginNew(clock.instant()) : segments.goOn();
      };
    }

    @Override
    public void close() {
      if (givesBack) {
        lock.close();
      }
    }
  }

  private TokenWorker(
      Path directory,
      Token token,
      Clock clock,
      Disk disk,
      Right right,
      JournalSegments.Opened journalFiles)
      throws IOException {
    this.token = token;
    this.clock = clock;
    this.right = right;
    this.usage = new Usage(Restored.in(directory));
    ExclusiveLock lock = right.lock();
    Disk fenced = new FencedDisk(disk, lock::require);
    this.configuration = ConfigurationFile.open(directory.resolve(CONFIGURATION), token, fenced);
    Journal.Opened opened =
        Journal.open(journalFiles, lock::require, this::recorded, OwedMark.in(directory, fenced));
    this.journal = opened.journal();
    this.recovery = opened.recovery();
    this.arrivals = new Arrivals(token, configuration, journal, usage);
    this.departures = new Departures(token, configuration, journal, usage);
  }

  /**
   * Starts the worker of this directory; the worker closes the token when it is closed. A directory
   * without a configuration gets the embedded default, which gives no existing key a rule.
   *
   * @throws TokenUnavailable when another worker is active there, or its files are damaged
   */
  public static TokenWorker open(Path directory, Token token, Clock clock) {
    return open(directory, token, clock, Disk.REAL);
  }

  /**
   * The same, and tells how long each force of the journal took.
   *
   * @param forced is called while others wait for the journal: quick
   */
  public static TokenWorker open(
      Path directory, Token token, Clock clock, Consumer<Duration> forced) {
    return open(directory, token, clock, timing(forced));
  }

  private static TokenWorker open(Path directory, Token token, Clock clock, Disk disk) {
    Right right = new Right(ExclusiveLock.take(directory, LOCK), true);
    return open(directory, token, clock, disk, right, right.journal(directory, disk, clock));
  }

  private static Disk timing(Consumer<Duration> forced) {
    return new Disk() {
      @Override
      public void step(String what, Step step) throws IOException {
        long begun = System.nanoTime();
        step.run();
        if (what.startsWith("force ")) {
          forced.accept(Duration.ofNanos(System.nanoTime() - begun));
        }
      }
    };
  }

  /** Where the journal lies: in tests, on a disk whose power is cut. */
  interface JournalSource {
    JournalFile open() throws IOException;
  }

  static TokenWorker open(Path directory, Token token, Clock clock, JournalSource journal) {
    return open(
        directory,
        token,
        clock,
        Disk.REAL,
        new Right(ExclusiveLock.take(directory, LOCK), true),
        () -> {
          JournalFile file = journal.open();
          return new JournalSegments.Opened(List.of(), before -> file);
        });
  }

  /**
   * Starts the worker of this directory once no other one is active there, however long that takes,
   * and reads anew what the other one has left.
   *
   * @throws TokenUnavailable when its files are damaged, or the token is gone meanwhile
   */
  static TokenWorker await(Path directory, Token token, Clock clock, Disk disk) {
    return await(directory, token, clock, disk, () -> false);
  }

  /**
   * The same.
   *
   * @param seizing asked again and again whether to take over from one that may still be alive
   */
  static TokenWorker await(
      Path directory, Token token, Clock clock, Disk disk, BooleanSupplier seizing) {
    Right right = new Right(ExclusiveLock.await(directory, LOCK, disk, seizing), true);
    return open(
        directory,
        token,
        clock,
        disk,
        right,
        () -> {
          if (token instanceof Token.Reread reread) {
            reread.reread();
          }
          return right.journal(directory, disk, clock).open();
        });
  }

  /**
   * Starts the worker of a directory whose lease is held, and stays so when the worker is closed.
   *
   * @param forced as for {@link #open(Path, Token, Clock, Consumer)}
   * @throws TokenUnavailable when its files are damaged
   */
  public static TokenWorker open(
      WorkerLease lease, Token token, Clock clock, Consumer<Duration> forced) {
    Disk disk = timing(forced);
    Right right = new Right(lease.lock(), false);
    Path directory = lease.directory();
    return open(directory, token, clock, disk, right, right.journal(directory, disk, clock));
  }

  /** How a worker comes by its journal once it has the lock. */
  private interface JournalOpening {
    JournalSegments.Opened open() throws IOException;
  }

  private static TokenWorker open(
      Path directory, Token token, Clock clock, Disk disk, Right right, JournalOpening journal) {
    boolean opened = false;
    try {
      FencedDisk.tidy(directory);
      TokenWorker worker = new TokenWorker(directory, token, clock, disk, right, journal.open());
      opened = true;
      return worker;
    } catch (IOException e) {
      throw new TokenUnavailable("intent journal: " + e.getMessage(), e);
    } finally {
      if (!opened) {
        right.close();
      }
    }
  }

  private void recorded(JournalEntry entry) {
    usage.recorded(entry);
    revocations.recorded(entry);
  }

  /** What the journal held at the start. */
  public Recovery recovery() {
    return recovery;
  }

  @Override
  public TokenKey create(KeySpec spec) {
    return arrivals.create(spec);
  }

  @Override
  public TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    return arrivals.importKey(spec, pkcs8);
  }

  @Override
  public TokenKey takeOver(MovedKey key, byte[] pkcs8) {
    return arrivals.takeOver(key, pkcs8);
  }

  @Override
  public TokenKey adopt(KeySpec spec, String uri) {
    return arrivals.adopt(spec, uri);
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
    departures.move(keyId, clock.instant(), receiver, taken);
  }

  @Override
  public Optional<TokenKey> find(String name) {
    return token.find(name);
  }

  @Override
  public Optional<Rule> rule(Digest keyId) {
    return Optional.ofNullable(configuration.now().rules().get(keyId));
  }

  @Override
  public Set<Digest> outOfService() {
    return usage.outOfService();
  }

  @Override
  public void retire(Digest keyId) {
    departures.staying(
        keyId, () -> configuration.changeRule(keyId, rule -> rule.endingAt(clock.instant())));
  }

  @Override
  public void narrow(Digest keyId, Limits limits) {
    departures.staying(
        keyId, () -> configuration.changeRule(keyId, rule -> rule.narrowedTo(limits)));
  }

  @Override
  public Optional<Long> remaining(Digest keyId) {
    return rule(keyId).flatMap(rule -> usage.remaining(rule, clock.instant()));
  }

  @Override
  public void destroy(Digest keyId) {
    departures.staying(keyId, () -> departures.erase(keyId));
  }

  @Override
  public List<Bytes> sign(List<WorkerRequest> requests) {
    return departures.staying(
        requests.stream().map(WorkerRequest::keyId).toList(),
        () -> {
          journal.requireUsable();
          return new SigningRun(
                  configuration.now(), token, usage, revocations, journal, clock.instant())
              .sign(requests);
        });
  }

  @Override
  public void requireApproval(Bytes document, Bytes approval) {
    check().read(SigningRun.document(document), approval);
  }

  private ApprovalCheck check() {
    return new ApprovalCheck(configuration.now().approvers(), revocations, clock.instant());
  }

  @Override
  public void revoke(Bytes approval) {
    JournalEntry.Revocation revocation = check().revocation(approval);
    if (revocations.has(new Revocations.Word(revocation.approver(), revocation.approval()))) {
      return;
    }
    revocations.requireRoom(clock.instant());
    journal.append(List.of(revocation));
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
      right.close();
      token.close();
    }
  }
}
