package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.TestRepository.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.Wanted.SignedByPeople;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The publisher of a repository whose root and targets role people sign. */
class HeldRepositoryTests {
  private static final String HEAD = "stable/gw/head.json";
  private static final Instant FAR = START.plus(Duration.ofDays(1000));
  private static final Instant LATER = START.plusSeconds(60);

  @TempDir Path directory;

  private static TestKey key(String holder) {
    return TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "held-" + holder);
  }

  private static TufKey listed(String holder) {
    return TufKey.of(key(holder).key(), holder);
  }

  private static byte[] signed(Json.Obj document, String... holders) {
    List<KeySignature> signatures = new ArrayList<>();
    for (String holder : holders) {
      byte[] input = SignedMetadata.toBeSigned(listed(holder), document);
      signatures.add(KeySignature.of(listed(holder), key(holder).sign(input)));
    }
    return SignedMetadata.envelope(document, signatures);
  }

  private static Json.Obj root(TestRepository repository, long version, String... holders) {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    for (String role : List.of(Metadata.ROOT, Metadata.TARGETS)) {
      List<TufKey> held = List.of(holders).stream().map(HeldRepositoryTests::listed).toList();
      keys.putAll(TufKey.byId(held));
      roles.put(role, new RoleKeys(held.stream().map(TufKey::keyId).toList(), 1));
    }
    for (String role : List.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP)) {
      TufKey own = repository.own(role);
      keys.put(own.keyId(), own);
      roles.put(role, RoleKeys.of(1, own));
    }
    return new Root(version, FAR, true, keys, roles).toJson();
  }

  private static Json.Obj targets(TestRepository repository, long version) {
    TufKey channel = repository.own("stable.gw");
    DelegatedRole role =
        new DelegatedRole(
            "stable.gw", RoleKeys.of(1, channel), TrustedPaths.matching("stable/gw/*"), true);
    return Targets.of(version, FAR, List.of())
        .with(Delegations.of(List.of(channel), List.of(role)))
        .toJson();
  }

  private static Wanted wanted(String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    return new Wanted(
        Map.of(new ChannelRole("stable", "gw"), List.of(WantedFile.of(HEAD, bytes))),
        Optional.empty());
  }

  private static Wanted with(Wanted wanted, Optional<byte[]> root, Optional<byte[]> targets) {
    return wanted.with(new SignedByPeople(root, targets));
  }

  /** Anna holds everything, and has signed the first root and the first targets role. */
  private static TestRepository held(Path own) throws IOException, RejectedException {
    TestRepository repository = new TestRepository(own.resolve("repo"), false);
    repository.publisher().createRoot(signed(root(repository, 1, "anna"), "anna"));
    byte[] targets = signed(targets(repository, 1), "anna");
    repository.publish(with(wanted("one"), Optional.empty(), Optional.of(targets)), START);
    return repository;
  }

  private static String fetch(TestRepository repository, Path device, Instant now)
      throws IOException, RejectedException {
    return new String(
        repository.client(device).fetch(HEAD, now).orElseThrow(), StandardCharsets.UTF_8);
  }

  @Test
  void aFirstRootTakesThePlaceOfOneThatNothingWasAnnouncedUnder() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), false);
    repository.publisher().createRoot(signed(root(repository, 1, "anna"), "anna"));
    byte[] other = signed(root(repository, 1, "dora"), "dora");
    repository.publisher().createRoot(other);
    assertThat(repository.files().versioned(1, Metadata.ROOT)).hasValue(other);
  }

  @Test
  void aFirstRootNeverTakesThePlaceOfOneThatDevicesFollow() throws Exception {
    TestRepository repository = held(directory);
    byte[] other = signed(root(repository, 1, "dora"), "dora");
    assertThatThrownBy(() -> repository.publisher().createRoot(other))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(repository.publish(wanted("one"), LATER)).isFalse();
    assertThat(fetch(repository, directory.resolve("a"), LATER)).isEqualTo("one");
  }

  @Test
  void nothingIsAnnouncedWithoutATargetsRoleOfPeople() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), false);
    repository.publisher().createRoot(signed(root(repository, 1, "anna"), "anna"));
    assertThat(repository.publish(wanted("one"), START)).isFalse();
    assertThat(repository.files().timestamp()).isEmpty();
  }

  @Test
  void theServiceGoesOnWithWhatPeopleHaveSigned() throws Exception {
    TestRepository repository = held(directory);
    repository.publish(wanted("two"), LATER);
    assertThat(fetch(repository, directory.resolve("a"), LATER)).isEqualTo("two");
    Instant day600 = START.plus(Duration.ofDays(600));
    repository.publish(wanted("three"), day600);
    assertThat(fetch(repository, directory.resolve("a"), day600)).isEqualTo("three");
    assertThat(repository.version(Metadata.ROOT)).isEqualTo(1);
    assertThat(repository.version(Metadata.TARGETS)).isEqualTo(1);
  }

  /** Anna hands over to Dora, and the timestamp has another key; Anna and Dora sign both. */
  @Test
  void killedAnywhereWhileANewRootIsTakenInItLeavesWhatEveryDeviceAccepts() throws Exception {
    for (int halt = 1; ; halt++) {
      Path own = Files.createDirectories(directory.resolve("h" + halt));
      TestRepository repository = held(own);
      fetch(repository, own.resolve("old"), START);
      repository.replaceKeys(Metadata.TIMESTAMP);
      Optional<byte[]> root = Optional.of(signed(root(repository, 2, "dora"), "anna", "dora"));
      Optional<byte[]> targets = Optional.of(signed(targets(repository, 2), "anna", "dora"));
      repository.haltAfter(halt);
      boolean halted = false;
      try {
        repository.publish(with(wanted("two"), root, targets), LATER);
      } catch (TestRepository.Halted e) {
        halted = true;
      }
      for (String device : List.of("old", "fresh")) {
        fetch(repository, own.resolve(device), LATER);
      }
      repository.haltAfter(Integer.MAX_VALUE);
      Instant after = LATER.plusSeconds(60);
      if (repository.version(Metadata.ROOT) == 1) {
        repository.publish(with(wanted("two"), root, targets), after);
      }
      repository.publish(wanted("two"), after);
      for (String device : List.of("old", "fresh", "fresher")) {
        assertThat(fetch(repository, own.resolve(device), after)).isEqualTo("two");
      }
      if (!halted) {
        assertThat(halt).as("steps in which it was killed").isGreaterThan(4);
        return;
      }
    }
  }

  @Test
  void aRootThatClientsWouldRefuseIsNotWritten() throws Exception {
    TestRepository repository = held(directory);
    byte[] byDoraAlone = signed(root(repository, 2, "dora"), "dora");
    byte[] targets = signed(targets(repository, 2), "anna", "dora");
    Wanted wanted = with(wanted("two"), Optional.of(byDoraAlone), Optional.of(targets));
    assertThatThrownBy(() -> repository.publish(wanted, LATER))
        .isInstanceOf(RejectedException.class);
    assertThat(repository.version(Metadata.ROOT)).isEqualTo(1);
    assertThat(fetch(repository, directory.resolve("a"), LATER)).isEqualTo("one");
  }

  @Test
  void aTargetsRoleThatIsNotSignedForTheNewRootKeepsTheRootOut() throws Exception {
    TestRepository repository = held(directory);
    byte[] root = signed(root(repository, 2, "dora"), "anna", "dora");
    byte[] byAnnaAlone = signed(targets(repository, 2), "anna");
    Wanted wanted = with(wanted("two"), Optional.of(root), Optional.of(byAnnaAlone));
    assertThatThrownBy(() -> repository.publish(wanted, LATER))
        .isInstanceOf(RejectedException.class);
    assertThat(repository.version(Metadata.ROOT)).isEqualTo(1);
  }

  @Test
  void aDamagedTargetsRoleOfPeopleIsSaidToBeRestored() throws Exception {
    TestRepository repository = held(directory);
    byte[] second = signed(targets(repository, 2), "anna");
    repository.publish(with(wanted("two"), Optional.empty(), Optional.of(second)), LATER);
    Files.delete(directory.resolve("repo/metadata/2.targets.json"));
    assertThatThrownBy(() -> repository.publish(wanted("three"), LATER.plusSeconds(60)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("2.targets.json")
        .hasMessageContaining("holders");
    byte[] third = signed(targets(repository, 3), "anna");
    Instant after = LATER.plusSeconds(120);
    repository.publish(with(wanted("three"), Optional.empty(), Optional.of(third)), after);
    assertThat(fetch(repository, directory.resolve("a"), after)).isEqualTo("three");
  }
}
