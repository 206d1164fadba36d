package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
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
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

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
  private final Map<String, Long> ledger = new HashMap<>();
  final List<String> passed = new ArrayList<>();
  private int haltAfter = Integer.MAX_VALUE;
  private Optional<String> forger = Optional.empty();
  private Optional<SignatureSuite> channelSuite = Optional.empty();
  private Followers followers = Followers.NONE;

  TestRepository(Path directory, boolean postQuantum) {
    this.directory = directory;
    this.postQuantum = postQuantum;
  }

  RepositoryFiles files() throws IOException {
    return new RepositoryFiles(directory);
  }

  /** Halts after this many milestones from now on. */
  void haltAfter(int milestones) {
    passed.clear();
    haltAfter = milestones;
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
    Milestones milestones =
        name -> {
          passed.add(name);
          if (passed.size() == haltAfter) {
            throw new Halted();
          }
        };
    Profile.Thresholds thresholds = new Profile.Thresholds(1, postQuantum ? 1 : 0);
    return new Publisher(
        files(), new Keys(), new Ledger(), new ClientCheck(thresholds), milestones);
  }

  boolean publish(Wanted wanted, Instant now) throws IOException, RejectedException {
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
      return ledger.getOrDefault(role, 0L);
    }

    @Override
    public void reserve(Map<String, Long> versions) {
      ledger.putAll(versions);
    }
  }

  private final class Keys implements RoleKeyring {
    private final Map<Digest, TestKey> byId = new HashMap<>();

    @Override
    public List<VerificationKey> keysOf(String role) {
      boolean channel = role.startsWith("stable.");
      Set<SignatureSuite> suites =
          EnumSet.of(channelSuite.filter(s -> channel).orElse(SignatureSuite.ED25519));
      if (postQuantum && !Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP).contains(role)) {
        suites.add(SignatureSuite.ML_DSA_65);
      }
      return suites.stream()
          .map(
              suite -> {
                TestKey key = TestKey.of(suite, "catalogue-" + role);
                byId.put(key.keyId(), key);
                return key.key();
              })
          .toList();
    }

    @Override
    public byte[] sign(VerificationKey key, byte[] canonical) {
      TestKey own = Objects.requireNonNull(byId.get(key.keyId()));
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
