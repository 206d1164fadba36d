package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.FileStorage;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.FileMetadataStore;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.NotFoundException;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** A repository on disk with its publisher, and clients of it that live elsewhere on disk. */
final class TestRepository {
  static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  static final Lifetimes LIFETIMES = Lifetimes.withTimestamp(Duration.ofDays(2));

  /** What a halted machine looks like from the inside. */
  static final class Halted extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final Path directory;
  private final boolean postQuantum;
  private final FaultyStorage storage;
  private final Optional<Path> sharedLedger;
  private final Map<String, Long> ledger = new HashMap<>();
  final List<String> passed = new ArrayList<>();
  private int haltAfter = Integer.MAX_VALUE;
  private Consumer<String> halt =
      name -> {
        throw new Halted();
      };
  private Optional<String> forger = Optional.empty();
  private Optional<SignatureSuite> channelSuite = Optional.empty();
  private Followers followers = Followers.NONE;
  private final Map<Digest, TestKey> token = new HashMap<>();
  private final Set<String> replaced = new HashSet<>();

  TestRepository(Path directory, boolean postQuantum) {
    this(directory, postQuantum, FileStorage.LEASE, Optional.empty());
  }

  /** One that shares its ledger's file with the publishers of other processes. */
  TestRepository(Path directory, boolean postQuantum, Duration lease, Optional<Path> sharedLedger) {
    this.directory = directory;
    this.postQuantum = postQuantum;
    this.sharedLedger = sharedLedger;
    if (sharedLedger.isPresent()) {
      for (String role : List.of("root", "targets", "snapshot", "timestamp", "stable.gw")) {
        new Keys().keysOf(role);
      }
    }
    this.storage =
        new FaultyStorage(
            new FileStorage(
                directory, RepositoryFiles.TIMESTAMP, lease, this::milestone, System::nanoTime));
  }

  FaultyStorage storage() {
    return storage;
  }

  RepositoryFiles files() {
    return new RepositoryFiles(storage);
  }

  /** Where a listed file lies. */
  Path locationOf(TargetFile target) {
    return directory.resolve("targets").resolve(target.location(true));
  }

  /** Halts after this many milestones from now on. */
  void haltAfter(int milestones) {
    passed.clear();
    haltAfter = milestones;
  }

  /** Has something else happen at the milestone than the end of the machine. */
  void haltAfter(int milestones, Consumer<String> instead) {
    haltAfter(milestones);
    halt = instead;
  }

  /** Has another key sign in this role's place. */
  void forge(String role) {
    forger = Optional.of(role);
  }

  /** Has channels signed by a key of another suite from now on. */
  void channelsBy(SignatureSuite suite) {
    channelSuite = Optional.of(suite);
  }

  /** A publisher as after a start: it knows the directory, the ledger and the token. */
  Publisher publisher() throws IOException {
    Profile.Thresholds thresholds = new Profile.Thresholds(1, postQuantum ? 1 : 0);
    return new Publisher(
        files(), new Keys(), new Ledger(), new ClientCheck(thresholds), this::milestone);
  }

  private void milestone(String name) {
    passed.add(name);
    if (passed.size() == haltAfter) {
      halt.accept(name);
    }
  }

  boolean publish(Wanted wanted, Instant now) throws IOException, RejectedException {
    return publish(() -> wanted, now);
  }

  boolean publish(Wanted.Source wanted, Instant now) throws IOException, RejectedException {
    Publisher publisher = publisher();
    publisher.createRoot(LIFETIMES, now);
    return publisher.publish(wanted, () -> followers, LIFETIMES, now);
  }

  /** Has such a client of a profile follow from this root on. */
  Digest followedBy(LineagePolicy policy, long rootVersion) {
    Digest profile = Digest.of(policy.toString().getBytes(StandardCharsets.UTF_8));
    followers = new Followers(Map.of(new Followers.Follower(policy, rootVersion), profile));
    return profile;
  }

  /** The service's newest key for a role. */
  TufKey own(String role) {
    return TufKey.of(new Keys().keysOf(role).get(0));
  }

  /** Has new keys take the place of a role's. */
  void replaceKeys(String role) {
    replaced.add(role);
  }

  void forgetLedger() {
    ledger.clear();
  }

  Client client(Path store) {
    return new Client(store);
  }

  /** Roles whose newest file on disk has this version. */
  long version(String role) throws IOException {
    return role.equals(Metadata.TIMESTAMP) ? readTimestampVersion() : files().highestVersion(role);
  }

  private long readTimestampVersion() throws IOException {
    try {
      byte[] bytes = files().timestamp().orElseThrow();
      return SignedMetadata.timestamp(bytes, bytes.length).signed().version();
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Ledger implements VersionLedger {
    @Override
    public long highest(String role) {
      sharedLedger.ifPresent(this::read);
      return ledger.getOrDefault(role, 0L);
    }

    private void read(Path file) {
      try {
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
          String[] words = line.split(" ", -1);
          ledger.merge(words[0], Long.parseLong(words[1]), Math::max);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void reserve(Map<String, Long> versions, Map<String, List<TufKey>> signers) {
      ledger.putAll(versions);
      sharedLedger.ifPresent(file -> append(file, versions));
    }

    private void append(Path file, Map<String, Long> versions) {
      StringBuilder lines = new StringBuilder();
      versions.forEach((role, v) -> lines.append(role).append(' ').append(v).append('\n'));
      try {
        Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final class Keys implements RoleKeyring {
    private TestKey remember(SignatureSuite suite, String role) {
      String name = "catalogue-" + role + (replaced.contains(role) ? "-2" : "");
      // Processes that share a repository share its keys.
      TestKey key = sharedLedger.isPresent() ? TestKey.derived(name) : TestKey.of(suite, name);
      token.put(key.keyId(), key);
      return key;
    }

    @Override
    public boolean holds(VerificationKey key) {
      return token.containsKey(key.keyId());
    }

    @Override
    public List<VerificationKey> keysOf(String role) {
      boolean channel = role.startsWith("stable.");
      Set<SignatureSuite> suites =
          EnumSet.of(channelSuite.filter(s -> channel).orElse(SignatureSuite.ED25519));
      if (postQuantum && !Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP).contains(role)) {
        suites.add(SignatureSuite.ML_DSA_65);
      }
      return suites.stream().map(suite -> remember(suite, role).key()).toList();
    }

    @Override
    public byte[] sign(VerificationKey key, byte[] canonical) {
      TestKey own = Objects.requireNonNull(token.get(key.keyId()));
      if (forger.isPresent() && keysOf(forger.get()).contains(key)) {
        own = TestKey.of(key.suite(), "somebody-else");
      }
      return own.sign(SignedMetadata.toBeSigned(key, canonical));
    }
  }

  /** A device's client with its own directory. */
  final class Client {
    private final FileMetadataStore store;

    private Client(Path directory) {
      try {
        this.store = new FileMetadataStore(Files.createDirectories(directory));
        if (store.load(Metadata.ROOT).isEmpty()) {
          byte[] first = files().versioned(1, Metadata.ROOT).orElseThrow();
          Updater.trustRoot(store, first, Digest.of(first));
        }
      } catch (IOException | RejectedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Refreshes and fetches what is listed under the path, if anything is. */
    Optional<byte[]> fetch(String path, Instant now) throws IOException, RejectedException {
      Profile.Thresholds thresholds = new Profile.Thresholds(1, postQuantum ? 1 : 0);
      LineagePolicy policy = new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, thresholds);
      Updater updater = new Updater(store, this::copy, TufLimits.COMMON, policy, now);
      updater.refresh();
      var target = updater.find(path);
      return target.isPresent()
          ? Optional.of(updater.fetchTarget(target.get(), 1 << 20))
          : Optional.empty();
    }

    private void copy(String path, long maxBytes, OutputStream to)
        throws IOException, RejectedException {
      Path file =
          directory.resolve(URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8));
      if (!Files.exists(file)) {
        throw new NotFoundException(path);
      }
      try (InputStream in = Files.newInputStream(file)) {
        Fetcher.copy(in, maxBytes, to);
      }
    }
  }
}
