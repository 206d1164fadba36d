package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.TestRepository.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.LineagePolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublisherTests {
  private static final ChannelRole STABLE = new ChannelRole("stable", "gw");
  private static final String HEAD = "stable/gw/head.json";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFreshClientFindsWhatWasPublished(boolean postQuantum) throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), postQuantum);
    repository.publish(wanted("one"), START);
    assertThat(fetch(repository, "a", START)).hasValue("one");
  }

  @Test
  void aClientFollowsFromOnePublishToTheNext() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    assertThat(fetch(repository, "a", START)).hasValue("one");
    repository.publish(wanted("two"), START.plusSeconds(60));
    assertThat(fetch(repository, "a", START.plusSeconds(60))).hasValue("two");
  }

  @Test
  void nothingIsWrittenWhenNothingHasChanged() throws Exception {
    TestRepository repository = repository();
    assertThat(repository.publish(wanted("one"), START)).isTrue();
    List<Path> before = listing();
    assertThat(repository.publish(wanted("one"), START.plusSeconds(60))).isFalse();
    assertThat(listing()).isEqualTo(before);
  }

  @Test
  void whatWasDecidedWhileAnotherPublishedIsAnnouncedAfterIt() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("zero"), START);
    List<Throwable> trouble = new CopyOnWriteArrayList<>();
    Thread later =
        new Thread(
            () -> {
              try {
                repository.publish(wanted("decided later"), START.plusSeconds(60));
              } catch (IOException | RejectedException | RuntimeException e) {
                trouble.add(e);
              }
            });
    repository.publish(
        () -> {
          // Would end here, if what is wanted were read before the right to write was taken.
          later.start();
          join(later, Duration.ofMillis(500));
          return wanted("decided first");
        },
        START.plusSeconds(60));
    join(later, Duration.ofSeconds(30));
    assertThat(trouble).isEmpty();
    assertThat(fetch(repository, "a", START.plusSeconds(61))).hasValue("decided later");
  }

  private static void join(Thread thread, Duration atMost) {
    try {
      thread.join(atMost.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void everyFileButTheTimestampIsWrittenOnce() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    Map<Path, byte[]> before = contents();
    repository.publish(wanted("two"), START.plusSeconds(60));
    before.remove(directory.resolve("repo/metadata/timestamp.json"));
    before.forEach((file, bytes) -> assertThat(file).hasBinaryContent(bytes));
  }

  @Test
  void theTimestampIsSignedAnewWithHalfItsLifeLeft() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    assertThat(repository.publish(wanted("one"), START.plus(Duration.ofHours(23)))).isFalse();
    assertThat(repository.publish(wanted("one"), START.plus(Duration.ofHours(25)))).isTrue();
    assertThat(repository.version("timestamp")).isEqualTo(2);
    assertThat(repository.version("snapshot")).isEqualTo(1);
  }

  @Test
  void everyRoleIsSignedAnewBeforeItExpires() throws Exception {
    // The timestamp lives for 2 days and is signed anew every 10 here: each publish finds it
    // expired.
    TestRepository repository = repository();
    Instant now = START;
    repository.publish(wanted("one"), now);
    TestRepository.Client device = repository.client(directory.resolve("a"));
    for (int day = 0; day < 800; day += 10) {
      now = now.plus(Duration.ofDays(10));
      repository.publish(wanted("one"), now);
      if (day % 40 == 0) {
        assertThat(device.fetch(HEAD, now.plusSeconds(3600))).isPresent();
      }
    }
    assertThat(repository.version("root")).isGreaterThan(1);
    assertThat(repository.version("targets")).isGreaterThan(2);
  }

  @Test
  void aServiceThatWasOffUntilAllHadExpiredPublishesAgain() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    fetch(repository, "a", START);
    Instant later = START.plus(Duration.ofDays(3000));
    repository.publish(wanted("one"), later);
    assertThat(fetch(repository, "a", later)).hasValue("one");
    assertThat(fetch(repository, "fresh", later)).hasValue("one");
  }

  @Test
  void aChannelThatIsGoneListsNothingAndItsRoleStays() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    fetch(repository, "a", START);
    repository.publish(new Wanted(Map.of(), Optional.empty()), START.plusSeconds(60));
    assertThat(fetch(repository, "a", START.plusSeconds(60))).isEmpty();
  }

  /** Each file of the announced set in turn but the root, cut short and then gone. */
  @Test
  void aDamagedFileOfTheAnnouncedSetIsMadeAnew() throws Exception {
    for (boolean gone : new boolean[] {false, true}) {
      for (String file :
          new String[] {
            "metadata/timestamp.json",
            "metadata/2.snapshot.json",
            "metadata/1.targets.json",
            "metadata/2.stable.gw.json",
            "head"
          }) {
        Path own = directory.resolve(file.replace('/', '-') + gone);
        TestRepository repository = new TestRepository(own.resolve("repo"), false);
        repository.publish(wanted("one"), START);
        repository.publish(wanted("two"), START.plusSeconds(60));
        Path old = own.resolve("old");
        assertThat(fetch(repository, old.toString(), START.plusSeconds(60))).hasValue("two");
        Path damaged =
            file.equals("head")
                ? repository.locationOf(file(HEAD, "two").target())
                : own.resolve("repo").resolve(file);
        byte[] whole = Files.readAllBytes(damaged);
        Files.delete(damaged);
        if (!gone) {
          Files.write(damaged, Arrays.copyOf(whole, whole.length / 2));
        }
        Instant later = START.plusSeconds(120);
        repository.publish(wanted("two"), later);
        assertThat(fetch(repository, old.toString(), later)).as(file).hasValue("two");
        assertThat(fetch(repository, own.resolve("fresh").toString(), later))
            .as(file)
            .hasValue("two");
        repository.publish(wanted("three"), later);
        assertThat(fetch(repository, old.toString(), later)).as(file).hasValue("three");
      }
    }
  }

  @Test
  void aDamagedRootIsSaidToBeRestored() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    Files.write(directory.resolve("repo/metadata/1.root.json"), new byte[] {'{'});
    assertThatThrownBy(() -> repository.publish(wanted("two"), START.plusSeconds(60)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("1.root.json")
        .hasMessageContaining("restore it from a backup");
  }

  @Test
  void aRoleMayBeAdded() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    fetch(repository, "a", START);
    Map<ChannelRole, List<WantedFile>> roles = new LinkedHashMap<>(wanted("one").roles());
    roles.put(new ChannelRole("beta", "gw"), List.of(file("beta/gw/head.json", "b")));
    repository.publish(new Wanted(roles, Optional.empty()), START.plusSeconds(60));
    TestRepository.Client client = repository.client(directory.resolve("a"));
    assertThat(client.fetch("beta/gw/head.json", START.plusSeconds(60))).isPresent();
  }

  @Test
  void theAuditCheckpointIsTakenAlong() throws Exception {
    TestRepository repository = repository();
    byte[] note = "note".getBytes(StandardCharsets.UTF_8);
    repository.publish(new Wanted(wanted("one").roles(), Optional.of(checkpoint(note))), START);
    TestRepository.Client client = repository.client(directory.resolve("a"));
    assertThat(client.fetch("audit/checkpoint", START)).hasValue(note);
  }

  @Test
  void aCheckpointAloneIsNoReasonToPublish() throws Exception {
    TestRepository repository = repository();
    byte[] note = "note".getBytes(StandardCharsets.UTF_8);
    repository.publish(new Wanted(wanted("one").roles(), Optional.of(checkpoint(note))), START);
    byte[] newer = "newer note".getBytes(StandardCharsets.UTF_8);
    Wanted again = new Wanted(wanted("one").roles(), Optional.of(checkpoint(newer)));
    assertThat(repository.publish(again, START.plusSeconds(60))).isFalse();
  }

  @Test
  void aCheckpointThatIsADayOldIsFollowedByANewerOne() throws Exception {
    TestRepository repository = repository();
    byte[] note = "note".getBytes(StandardCharsets.UTF_8);
    repository.publish(new Wanted(wanted("one").roles(), Optional.of(checkpoint(note))), START);
    Instant tomorrow = START.plus(Duration.ofDays(1));
    Wanted same = new Wanted(wanted("one").roles(), Optional.of(checkpoint(note)));
    assertThat(repository.publish(same, tomorrow)).as("the log has not grown").isFalse();
    byte[] newer = "newer note".getBytes(StandardCharsets.UTF_8);
    Wanted grown = new Wanted(wanted("one").roles(), Optional.of(checkpoint(newer)));
    assertThat(repository.publish(grown, tomorrow.minusSeconds(1))).isFalse();
    assertThat(repository.publish(grown, tomorrow)).isTrue();
    TestRepository.Client client = repository.client(directory.resolve("a"));
    assertThat(client.fetch("audit/checkpoint", tomorrow)).hasValue(newer);
  }

  private static WantedFile checkpoint(byte[] note) {
    return Wanted.checkpoint(note, Bytes.copyOf(new byte[] {1}));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stable.gw", "snapshot", "timestamp"})
  void whatTheClientWouldRefuseIsNotAnnounced(String role) throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    repository.forge(role);
    assertThatThrownBy(() -> repository.publish(wanted("two"), START.plusSeconds(60)))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BELOW_THRESHOLD));
    assertThat(fetch(repository, "a", START.plusSeconds(60))).hasValue("one");
  }

  @Test
  void aSetThatALiveProfileWouldRefuseIsNotAnnounced() throws Exception {
    TestRepository repository = repository();
    Digest profile = repository.followedBy(knowing(SignatureSuite.ML_DSA_65), 1);
    assertThatThrownBy(() -> repository.publish(wanted("one"), START))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BELOW_THRESHOLD))
        .hasMessageContaining(profile.hex())
        .hasMessageContaining("root");
    assertThat(repository.files().timestamp()).isEmpty();
  }

  /** From the first root, and from the one that devices of the field have reached. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void aChangeThatWouldLoseALiveProfileIsNotAnnounced(long rootVersion) throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    Instant now = START.plus(Duration.ofDays(3000));
    repository.publish(wanted("one"), now);
    assertThat(repository.version("root")).isEqualTo(2);
    Digest profile = repository.followedBy(knowing(SignatureSuite.ED25519), rootVersion);
    assertThat(repository.publish(wanted("two"), now.plusSeconds(60))).isTrue();

    repository.channelsBy(SignatureSuite.ECDSA_P256_SHA256);
    assertThatThrownBy(() -> repository.publish(wanted("three"), now.plusSeconds(120)))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BELOW_THRESHOLD))
        .hasMessageContaining(profile.hex())
        .hasMessageContaining("stable.gw");
    assertThat(fetch(repository, "a", now.plusSeconds(120))).hasValue("two");
    repository.followedBy(LineagePolicy.tufAlone(), rootVersion);
    assertThat(repository.publish(wanted("three"), now.plusSeconds(180))).isTrue();
  }

  /** What is lost already must not cost the others their renewals. */
  @Test
  void aProfileThatCannotTrustEvenWhatIsAnnouncedHoldsUpNobody() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    repository.followedBy(knowing(SignatureSuite.ML_DSA_65), 1);
    assertThat(repository.publish(wanted("two"), START.plusSeconds(60))).isTrue();
  }

  @Test
  void aRootVersionThatADeviceMadeUpHoldsUpNobody() throws Exception {
    TestRepository repository = repository();
    repository.followedBy(knowing(SignatureSuite.ML_DSA_65), 99);
    assertThat(repository.publish(wanted("one"), START)).isTrue();
  }

  private static LineagePolicy knowing(SignatureSuite suite) {
    return new LineagePolicy(Set.of(suite), 0, new Profile.Thresholds(0, 0));
  }

  @Test
  void aListedFileThatIsDamagedIsNotAnnounced() throws Exception {
    TestRepository repository = repository();
    WantedFile head = file(HEAD, "one");
    Path place = repository.locationOf(head.target());
    Files.createDirectories(place.getParent());
    Files.writeString(place, "0ne");
    assertThatThrownBy(() -> repository.publish(wanted("one"), START))
        .isInstanceOfSatisfying(
            RejectedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.TARGET_DIGEST_MISMATCH));
  }

  @Test
  void aDirectoryRestoredFromABackupGetsNewVersionNumbers() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    Map<Path, byte[]> backup = contents();
    repository.publish(wanted("two"), START.plusSeconds(60));
    TestRepository.Client client = repository.client(directory.resolve("a"));
    client.fetch(HEAD, START.plusSeconds(60));
    for (Path file : listing()) {
      if (!backup.containsKey(file)) {
        Files.delete(file);
      }
    }
    for (Map.Entry<Path, byte[]> file : backup.entrySet()) {
      Files.write(file.getKey(), file.getValue());
    }
    repository.publish(wanted("three"), START.plusSeconds(120));
    assertThat(client.fetch(HEAD, START.plusSeconds(120))).isPresent();
  }

  @Test
  void aLostLedgerIsNoHarmWhileTheFilesAreThere() throws Exception {
    TestRepository repository = repository();
    repository.publish(wanted("one"), START);
    fetch(repository, "a", START);
    repository.forgetLedger();
    repository.publish(wanted("two"), START.plusSeconds(60));
    assertThat(fetch(repository, "a", START.plusSeconds(60))).hasValue("two");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void killedBetweenAnyTwoStepsItLeavesACatalogueThatClientsAccept(boolean postQuantum)
      throws Exception {
    int steps = stepsOfAChange(postQuantum);
    assertThat(steps).isGreaterThan(5);
    for (int halt = 1; halt <= steps; halt++) {
      Path root = directory.resolve("halt-" + halt);
      TestRepository repository = new TestRepository(root.resolve("repo"), postQuantum);
      repository.publish(wanted("one"), START);
      TestRepository.Client old = repository.client(root.resolve("old"));
      old.fetch(HEAD, START);

      repository.haltAfter(halt);
      Instant now = START.plusSeconds(60);
      assertThatThrownBy(() -> repository.publish(changed(), now))
          .isInstanceOf(TestRepository.Halted.class);
      String announced = halt == steps ? "two" : "one";
      assertThat(text(old.fetch(HEAD, now))).as("old client, halt %s", halt).hasValue(announced);
      TestRepository.Client fresh = repository.client(root.resolve("fresh"));
      assertThat(text(fresh.fetch(HEAD, now))).as("fresh, halt %s", halt).hasValue(announced);

      repository.haltAfter(Integer.MAX_VALUE);
      repository.publish(changed(), now.plusSeconds(60));
      for (TestRepository.Client client : List.of(old, fresh)) {
        assertThat(text(client.fetch(HEAD, now.plusSeconds(60)))).hasValue("two");
        assertThat(client.fetch("beta/gw/head.json", now.plusSeconds(60))).isPresent();
      }
    }
  }

  @Test
  void killedDuringTheFirstPublishItFinishesTheNextTime() throws Exception {
    TestRepository counting = new TestRepository(directory.resolve("count"), false);
    counting.publish(wanted("one"), START);
    for (int halt = 1; halt <= counting.passed.size(); halt++) {
      Path root = directory.resolve("first-" + halt);
      TestRepository repository = new TestRepository(root.resolve("repo"), false);
      repository.haltAfter(halt);
      assertThatThrownBy(() -> repository.publish(wanted("one"), START))
          .isInstanceOf(TestRepository.Halted.class);
      repository.haltAfter(Integer.MAX_VALUE);
      repository.publish(wanted("one"), START);
      assertThat(text(repository.client(root.resolve("a")).fetch(HEAD, START))).hasValue("one");
    }
  }

  private int stepsOfAChange(boolean postQuantum) throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("steps"), postQuantum);
    repository.publish(wanted("one"), START);
    repository.haltAfter(Integer.MAX_VALUE);
    repository.publish(changed(), START.plusSeconds(60));
    return repository.passed.size();
  }

  private TestRepository repository() {
    return new TestRepository(directory.resolve("repo"), false);
  }

  private static Wanted wanted(String head) {
    return new Wanted(Map.of(STABLE, List.of(file(HEAD, head))), Optional.empty());
  }

  /** Another head, and a new role: every step of publishing is taken but the root's. */
  private static Wanted changed() {
    return new Wanted(
        Map.of(
            STABLE,
            List.of(file(HEAD, "two"), file("stable/gw/1.0.0+0.manifest", "m")),
            new ChannelRole("beta", "gw"),
            List.of(file("beta/gw/head.json", "b"))),
        Optional.of(checkpoint("note".getBytes(StandardCharsets.UTF_8))));
  }

  private static WantedFile file(String path, String content) {
    return WantedFile.of(path, content.getBytes(StandardCharsets.UTF_8));
  }

  private Optional<String> fetch(TestRepository repository, String client, Instant now)
      throws IOException, RejectedException {
    return text(repository.client(directory.resolve(client)).fetch(HEAD, now));
  }

  private static Optional<String> text(Optional<byte[]> bytes) {
    return bytes.map(b -> new String(b, StandardCharsets.UTF_8));
  }

  private List<Path> listing() throws IOException {
    try (Stream<Path> walk = Files.walk(directory.resolve("repo"))) {
      return new ArrayList<>(
          walk.filter(Files::isRegularFile)
              .filter(f -> !f.toString().contains("/."))
              .sorted()
              .toList());
    }
  }

  private Map<Path, byte[]> contents() throws IOException {
    Map<Path, byte[]> contents = new LinkedHashMap<>();
    for (Path file : listing()) {
      contents.put(file, Files.readAllBytes(file));
    }
    return contents;
  }
}
