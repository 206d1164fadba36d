package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** TUF 5.2 and 5.3. */
class RootUpdateTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  @Test
  void thirtyRootsAreClimbedOneByOne() throws Exception {
    for (int version = 2; version <= 31; version++) {
      repository.keys(Metadata.ROOT, 1, key("root-" + version));
      repository.publishRoot();
    }
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(31);
    assertThat(repository.requests())
        .startsWith("metadata/2.root.json", "metadata/3.root.json")
        .contains("metadata/32.root.json");
  }

  /** A root every 25 days, each valid for 30: all but the last have expired by the time. */
  @Test
  void aDeviceOfflineForTwoYearsClimbsThirtyRoots() throws Exception {
    client.refresh();
    client.pass(Duration.ofDays(30 * 25 + 10));
    for (int version = 2; version <= 31; version++) {
      Instant published = RepositorySimulator.START.plus(Duration.ofDays(25L * (version - 1)));
      for (String role : Metadata.TOP_LEVEL) {
        repository.expires(role, published.plus(RepositorySimulator.LIFETIME));
      }
      repository.keys(Metadata.ROOT, 1, key("root-" + version));
      repository.keys(Metadata.TIMESTAMP, 1, key("timestamp-" + version));
      repository.publishRoot();
      repository.publish();
    }
    byte[] last = repository.files().remove("metadata/31.root.json");
    TestClient.assertRefused(Reason.METADATA_EXPIRED, client::refresh);
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(30);
    repository.files().put("metadata/31.root.json", last);
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(31);
    assertThat(client.trusted(Metadata.TIMESTAMP)).isEqualTo(31);
  }

  @Test
  void eachRootIsStoredBeforeTheNextIsAskedFor() throws Exception {
    repository.publishRoot();
    repository.publishRoot(key("thief"));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.TIMESTAMP);
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(2);
  }

  @Test
  void anUpdateStopsAtItsLimitOfRootsAndTheNextGoesOn() throws Exception {
    for (int i = 0; i < 7; i++) {
      repository.publishRoot();
    }
    client.limits(TufLimits.COMMON.withRoots(5));
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(6);
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(8);
  }

  @Test
  void aRootNotSignedByTheOldKeysIsRefused() throws Exception {
    repository.keys(Metadata.ROOT, 1, key("new-root"));
    repository.publishRoot(key("new-root"));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void aRootNotSignedByItsOwnKeysIsRefused() throws Exception {
    repository.keys(Metadata.ROOT, 1, key("new-root"));
    repository.publishRoot(key(Metadata.ROOT));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void aRootBelowItsNewThresholdIsRefused() throws Exception {
    repository.keys(Metadata.ROOT, 2, key(Metadata.ROOT), key("second"));
    repository.publishRoot(key("second"), key("third"), key(Metadata.ROOT));
    client.refresh();
    repository.publishRoot(key("second"), key("third"));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void anOlderRootUnderTheNextNameIsRefused() throws Exception {
    repository.publishRoot();
    client.refresh();
    repository.files().put("metadata/3.root.json", repository.latest(Metadata.ROOT));
    client.assertRefused(Reason.METADATA_ROLLED_BACK, Metadata.ROOT);
  }

  @Test
  void aRootThatSkipsAVersionIsRefused() throws Exception {
    repository.version(Metadata.ROOT, 2).publishRoot();
    repository.files().put("metadata/2.root.json", repository.latest(Metadata.ROOT));
    client.assertRefused(Reason.METADATA_VERSION_MISMATCH, Metadata.ROOT);
  }

  @Test
  void anExpiredRootOnTheWayIsNoObstacle() throws Exception {
    repository.expires(Metadata.ROOT, RepositorySimulator.START.minusSeconds(1)).publishRoot();
    repository.expires(Metadata.ROOT, RepositorySimulator.START.plusSeconds(1)).publishRoot();
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(3);
  }

  // 1 January: root 1, valid 30 days. 31 January: nothing newer is offered.
  @Test
  void anExpiredLastRootStopsTheUpdate() throws Exception {
    client.pass(RepositorySimulator.LIFETIME);
    client.assertRefused(Reason.METADATA_EXPIRED, Metadata.TIMESTAMP);
    assertThat(repository.requests()).containsExactly("metadata/2.root.json");
  }

  @Test
  void anExpiredStoredRootIsNoObstacleToANewerOne() throws Exception {
    client.pass(RepositorySimulator.LIFETIME.plusDays(300));
    for (String role : List.of("root", "timestamp", "snapshot", "targets")) {
      repository.expires(role, RepositorySimulator.START.plus(Duration.ofDays(400)));
    }
    repository.publishRoot();
    repository.publish();
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(2);
  }

  @Test
  void onlyNotFoundEndsTheClimb() throws Exception {
    Fetcher broken =
        new Fetcher() {
          @Override
          public void fetch(String path, long maxBytes, OutputStream to) throws IOException {
            throw new IOException("connection reset");
          }
        };
    Updater updater =
        new Updater(
            client.store(),
            broken,
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(updater::refresh)
        .withMessage("connection reset");
  }

  @Test
  void aRootThatNeverEndsIsCutOff() throws Exception {
    repository.files().put("metadata/2.root.json", new byte[600_000]);
    client.assertRefused(Reason.LIMIT_EXCEEDED, Metadata.ROOT);
  }

  @Test
  void aFetcherThatIgnoresTheLimitIsNotTrustedEither() throws Exception {
    Fetcher generous =
        new Fetcher() {
          @Override
          public void fetch(String path, long maxBytes, OutputStream to) throws IOException {
            to.write(new byte[(int) maxBytes + 1]);
          }
        };
    Updater updater =
        new Updater(
            client.store(),
            generous,
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
    TestClient.assertRefused(Reason.LIMIT_EXCEEDED, updater::refresh);
  }

  @Test
  void unknownMembersStayUnderTheSignature() throws Exception {
    repository.publishRoot();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, Metadata.ROOT),
            "x-tuf-on-ci-expiry-period",
            none -> new Json.Num(365));
    Tampering.put(
        repository,
        "metadata/2.root.json",
        signed,
        Tampering.signature(key(Metadata.ROOT), signed));
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(2);

    Json.Obj changed =
        Tampering.with(signed, "x-tuf-on-ci-expiry-period", none -> new Json.Num(3650));
    Tampering.put(
        repository,
        "metadata/3.root.json",
        changed,
        Tampering.signature(key(Metadata.ROOT), signed));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void theSpecificationVersionMayHaveTwoPartsButNotAnotherMajor() throws Exception {
    repository.publishRoot();
    Json.Obj two =
        Tampering.with(
            Tampering.signed(repository, Metadata.ROOT), "spec_version", v -> new Json.Str("1.0"));
    Tampering.put(
        repository, "metadata/2.root.json", two, Tampering.signature(key(Metadata.ROOT), two));
    client.refresh();
    repository.publishRoot();
    Json.Obj other =
        Tampering.with(
            Tampering.signed(repository, Metadata.ROOT),
            "spec_version",
            v -> new Json.Str("2.0.0"));
    Tampering.put(
        repository, "metadata/3.root.json", other, Tampering.signature(key(Metadata.ROOT), other));
    client.assertRefused(Reason.UNSUPPORTED_VERSION, Metadata.ROOT);
  }

  @Test
  void anotherFileThanTheBakedInRootIsNotTrusted() {
    MemoryStore store = new MemoryStore();
    byte[] root = repository.latest(Metadata.ROOT);
    TestClient.assertRefused(
        Reason.METADATA_DIGEST_MISMATCH,
        () -> Updater.trustRoot(store, root, Digest.of(new byte[0])));
    assertThat(store.roles()).isEmpty();
  }

  @Test
  void aFirstRootThatIsNotSignedAsItSaysIsNotStored() {
    MemoryStore store = new MemoryStore();
    repository.publishRoot(key("thief"));
    byte[] root = repository.latest(Metadata.ROOT);
    TestClient.assertRefused(
        Reason.BELOW_THRESHOLD, () -> Updater.trustRoot(store, root, Digest.of(root)));
    assertThat(store.roles()).isEmpty();
  }

  @Test
  void aStoredRootThatIsNotSignedAsItSaysIsRefused() throws Exception {
    repository.publishRoot(key("thief"));
    client.store().store(Metadata.ROOT, repository.latest(Metadata.ROOT));
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, client::updater);
  }

  @Test
  void aStoreFollowsOneLineage() {
    byte[] root = repository.latest(Metadata.ROOT);
    assertThatIllegalStateException()
        .isThrownBy(() -> Updater.trustRoot(client.store(), root, Digest.of(root)));
  }

  @Test
  void withoutARootThereIsNoUpdate() {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                new Updater(
                    new MemoryStore(),
                    repository,
                    TufLimits.COMMON,
                    LineagePolicy.tufAlone(),
                    RepositorySimulator.START));
  }
}
