package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.tuf.MemoryStore.PowerCut;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What is on the disk, whenever the power goes. */
class StoreTests {
  @TempDir private Path directory;

  /** Everything changes at once: roots, the timestamp key, targets, a delegated role. */
  private static void change(RepositorySimulator repository) {
    repository.publishRoot();
    repository.keys("timestamp", 1, key("timestamp-2")).publishRoot();
    repository.delegate("targets", "a", key("a"), "*");
    repository.add("a", "t", "content");
    repository.publish();
  }

  private static RepositorySimulator repository() {
    return new RepositorySimulator();
  }

  private static TestClient upToDate(RepositorySimulator repository) throws Exception {
    TestClient client = new TestClient(repository);
    client.refresh();
    return client;
  }

  private static void update(TestClient client) throws Exception {
    assertThat(client.refresh().find("t")).isPresent();
  }

  private static int changesOfAWholeUpdate() throws Exception {
    RepositorySimulator repository = repository();
    TestClient client = upToDate(repository);
    change(repository);
    client.store().powerOn();
    update(client);
    return client.store().changes();
  }

  @TestFactory
  Stream<DynamicTest> afterAPowerCutAtAnyChangeTheNextUpdateGoesThrough() throws Exception {
    int changes = changesOfAWholeUpdate();
    assertThat(changes).isEqualTo(8); // two roots, two deletions, four other files
    return Stream.iterate(0, i -> i < 2 * changes, i -> i + 1)
        .map(
            i ->
                DynamicTest.dynamicTest(
                    (i % 2 == 0 ? "before" : "after") + " change " + i / 2,
                    () -> cut(i / 2, i % 2 == 1)));
  }

  private static void cut(int change, boolean applied) throws Exception {
    RepositorySimulator repository = repository();
    TestClient client = upToDate(repository);
    byte[] oldTimestamp = repository.latest("timestamp");
    change(repository);
    client.store().cutPowerAt(change, applied);
    assertThatExceptionOfType(PowerCut.class).isThrownBy(() -> update(client));
    client.store().powerOn();

    // An attacker who waits for the power cut gains nothing by what was current before.
    byte[] newTimestamp = repository.latest("timestamp");
    repository.files().put("metadata/timestamp.json", oldTimestamp);
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, client::refresh);

    repository.files().put("metadata/timestamp.json", newTimestamp);
    update(client);
    for (String role : List.of("root", "timestamp", "snapshot", "targets", "a")) {
      assertThat(client.store().load(role)).as(role).hasValue(repository.latest(role));
    }
  }

  // An attacker with one of two timestamp keys and one of two snapshot keys has published version
  // 2^40 of both. The owner rotates these keys out; what the attacker signed still bears the other
  // signature, so only its deletion helps.
  @TestFactory
  Stream<DynamicTest> aFastForwardIsRecoveredFromWhereverThePowerIsCut() {
    return Stream.iterate(0, i -> i < 2 * 5, i -> i + 1)
        .map(
            i ->
                DynamicTest.dynamicTest(
                    (i % 2 == 0 ? "before" : "after") + " change " + i / 2,
                    () -> recover(i / 2, i % 2 == 1)));
  }

  private static void recover(int change, boolean applied) throws Exception {
    RepositorySimulator repository = repository();
    repository.keys("timestamp", 1, key("timestamp"), key("stays"));
    repository.keys("snapshot", 1, key("snapshot"), key("stays")).publishRoot();
    repository.version("timestamp", 1L << 40).version("snapshot", 1L << 40).publish();
    TestClient client = upToDate(repository);
    repository.keys("timestamp", 1, key("stays")).keys("snapshot", 1, key("stays")).publishRoot();
    repository.version("timestamp", 1).version("snapshot", 1).publish();

    client.store().cutPowerAt(change, applied);
    assertThatExceptionOfType(PowerCut.class).isThrownBy(client::refresh);
    client.store().powerOn();
    client.refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(2);
    assertThat(client.trusted("snapshot")).isEqualTo(2);
  }

  @Test
  void nothingOfARefusedUpdateIsStored() throws Exception {
    RepositorySimulator repository = repository();
    TestClient client = new TestClient(repository);
    for (String role : List.of("timestamp", "snapshot", "targets")) {
      repository.signedBy(role, key("thief"));
      repository.publish();
      client.assertRefused(Reason.BELOW_THRESHOLD, role);
      assertThat(client.store().roles()).doesNotContain(role);
      repository.signedBy(role, key(role));
    }
  }

  @Test
  void aDamagedFileIsFetchedAgain() throws Exception {
    RepositorySimulator repository = repository();
    for (String role : List.of("timestamp", "snapshot", "targets")) {
      TestClient client = upToDate(repository);
      client.store().store(role, new byte[] {'{'});
      client.refresh();
      assertThat(client.store().load(role)).as(role).hasValue(repository.latest(role));
    }
  }

  @Test
  void filesAreNamedByTheirEncodedRole() throws Exception {
    RepositorySimulator repository = repository();
    repository.delegate("targets", "../x", key("a"), "*").publish();
    FileMetadataStore store = new FileMetadataStore(directory);
    byte[] root = repository.latest("root");
    Updater.trustRoot(store, root, Digest.of(root));
    Updater updater =
        new Updater(
            store,
            repository,
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
    updater.refresh();
    updater.find("t");
    assertThat(names())
        .containsExactlyInAnyOrder(
            "root.json", "timestamp.json", "snapshot.json", "targets.json", "..%2Fx.json");
    assertThat(Files.readAllBytes(directory.resolve("..%2Fx.json")))
        .isEqualTo(repository.latest("../x"));
  }

  /** What is longer than any limit is damage: it is fetched again, and never read to its end. */
  @Test
  void noMoreOfAFileIsLoadedThanShowsThatItIsTooLong() throws Exception {
    TufLimits limits = new TufLimits(100, 100, 100, 200, 1, 1);
    FileMetadataStore store = new FileMetadataStore(directory, limits);
    Files.write(directory.resolve("timestamp.json"), new byte[10_000]);
    assertThat(store.load("timestamp").orElseThrow()).hasSize(201);
  }

  @Test
  void aTornWriteLeavesTheOldFile() throws Exception {
    FileMetadataStore store = new FileMetadataStore(directory);
    store.store("root", new byte[] {1, 2, 3});
    // What a crash in the middle of the next write leaves behind.
    Files.write(directory.resolve(".root.new"), new byte[] {4});
    FileMetadataStore later = new FileMetadataStore(directory);
    assertThat(later.load("root")).hasValue(new byte[] {1, 2, 3});
    later.store("root", new byte[] {4, 5, 6});
    assertThat(later.load("root")).hasValue(new byte[] {4, 5, 6});
    assertThat(names()).containsExactly("root.json");
  }

  @Test
  void whatIsNotThereIsEmptyAndMayBeDeleted() throws Exception {
    FileMetadataStore store = new FileMetadataStore(directory);
    assertThat(store.load("timestamp")).isEmpty();
    store.delete("timestamp");
    store.store("timestamp", new byte[] {1});
    store.delete("timestamp");
    assertThat(store.load("timestamp")).isEmpty();
  }

  @Test
  void aDirectoryThatIsNotThereIsAnError() {
    FileMetadataStore store = new FileMetadataStore(directory.resolve("none"));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> store.store("root", new byte[] {1}));
  }

  /**
   * The directory {@code store-1} of the test resources is what the first version of this store
   * wrote. It is never written anew: what a later version changes must still read it, and a build
   * from before a revert must read what the later one wrote.
   */
  private static final List<String> GOLDEN =
      List.of("root.json", "timestamp.json", "snapshot.json", "targets.json", "stable%2Fa.json");

  private static byte[] golden(String name) throws IOException {
    try (InputStream in = StoreTests.class.getResourceAsStream("store-1/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  private static Updater offline(MetadataStore store, byte[] timestamp) throws Exception {
    Fetcher fetcher =
        (path, maxBytes, to) -> {
          if (!path.endsWith("/timestamp.json")) {
            throw new NotFoundException(path);
          }
          to.write(timestamp);
        };
    return new Updater(
        store, fetcher, TufLimits.COMMON, LineagePolicy.tufAlone(), RepositorySimulator.START);
  }

  @Test
  void anOldClientsStoreIsReadByThisOne() throws Exception {
    for (String name : GOLDEN) {
      Files.write(directory.resolve(name), golden(name));
    }
    Files.write(directory.resolve(".snapshot.new"), new byte[] {1});
    Files.write(directory.resolve("of-a-version-to-come"), new byte[] {1});
    Updater updater = offline(new FileMetadataStore(directory), golden("timestamp.json"));
    updater.refresh();
    assertThat(updater.rootVersion()).isEqualTo(2);
    assertThat(updater.find("stable/a/t").map(TargetFile::lengthBytes)).hasValue(7L);
  }

  @Test
  void whatThisClientStoresIsWhatTheOldOneStored() throws Exception {
    FileMetadataStore store = new FileMetadataStore(directory);
    store.store("root", golden("root.json"));
    Fetcher fetcher =
        (path, maxBytes, to) -> {
          String name = path.substring(Fetcher.METADATA.length());
          if (name.equals("3.root.json")) {
            throw new NotFoundException(path);
          }
          to.write(golden(name.replaceFirst("^[0-9]+\\.", "")));
        };
    Updater updater =
        new Updater(
            store, fetcher, TufLimits.COMMON, LineagePolicy.tufAlone(), RepositorySimulator.START);
    updater.refresh();
    assertThat(updater.find("stable/a/t")).isPresent();
    assertThat(names()).containsExactlyInAnyOrderElementsOf(GOLDEN);
    for (String name : GOLDEN) {
      assertThat(Files.readAllBytes(directory.resolve(name))).as(name).isEqualTo(golden(name));
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
