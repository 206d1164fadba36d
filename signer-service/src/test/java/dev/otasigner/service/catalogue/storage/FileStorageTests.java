package dev.otasigner.service.catalogue.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on files, and what only files have: staging, links, and what others have left. */
class FileStorageTests extends StorageContract {
  private static final String SNAPSHOT = "metadata/7.snapshot.json";

  /** Called when a milestone of this name is passed, once. */
  private Optional<Runnable> halt = Optional.empty();

  private String haltAt = "";

  @Override
  RepositoryStorage storage() {
    return new FileStorage(directory.resolve("repo"), POINTER, LEASE, this::passed, this::look);
  }

  private void passed(String milestone) {
    if (halt.isPresent() && milestone.equals(haltAt)) {
      Runnable then = halt.get();
      halt = Optional.empty();
      then.run();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path repo() {
    return directory.resolve("repo");
  }

  private List<Path> staged() throws Exception {
    try (Stream<Path> files = Files.list(repo().resolve(".staging"))) {
      return files.toList();
    }
  }

  /** Another machine takes over and announces while this one stands still. */
  private void overtaken() {
    RepositoryStorage other = storage();
    try (Lease lease = other.acquire()) {
      lease.create("metadata/8.snapshot.json", bytes("theirs"));
      lease.replacePointer(other.pointer().map(Pointer::tag), bytes("theirs"));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"catalogue.staged", "catalogue.fenced"})
  void holderFrozenBeforeItsRenameBringsNothingBack(String milestone) throws Exception {
    RepositoryStorage storage = storage();
    Lease lease = storage.acquire();
    lease.replacePointer(Optional.empty(), bytes("old"));
    Optional<String> read = storage.pointer().map(Pointer::tag);
    haltAt = milestone;
    halt = Optional.of(this::overtaken);
    assertThatThrownBy(() -> lease.replacePointer(read, bytes("late")))
        .isInstanceOf(LostException.class);
    lease.close();
    assertThat(repo().resolve(POINTER)).hasContent("theirs");
    assertThat(staged()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"catalogue.staged", "catalogue.fenced"})
  void holderFrozenBeforeItsLinkCreatesNothing(String milestone) throws Exception {
    RepositoryStorage storage = storage();
    Lease lease = storage.acquire();
    haltAt = milestone;
    halt = Optional.of(this::overtaken);
    assertThatThrownBy(() -> lease.create(SNAPSHOT, bytes("late")))
        .isInstanceOf(LostException.class);
    lease.close();
    assertThat(storage.find(SNAPSHOT)).isEmpty();
    assertThat(staged()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"catalogue.staged", "catalogue.fenced"})
  void holderFrozenBeforeItPutsContentPutsNothing(String milestone) throws Exception {
    RepositoryStorage storage = storage();
    Lease lease = storage.acquire();
    haltAt = milestone;
    halt = Optional.of(this::overtaken);
    assertThatThrownBy(() -> lease.put("targets/0c.img", Content.of(bytes("late"))))
        .isInstanceOf(LostException.class);
    lease.close();
    assertThat(storage.find("targets/0c.img")).isEmpty();
  }

  @Test
  void whatAKilledHolderHadStagedIsRemovedByTheNext() throws Exception {
    storage().acquire().close();
    Files.createDirectories(repo().resolve(".staging"));
    Files.writeString(repo().resolve(".staging/1-left"), "half");
    storage().acquire().close();
    assertThat(staged()).isEmpty();
  }

  @Test
  void imageSharesTheDiskWithItsPayload() throws Exception {
    Path payload = Files.writeString(directory.resolve("payload"), "image");
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.put("targets/0c.img", Content.of(payload));
    }
    assertThat(Files.getAttribute(repo().resolve("targets/0c.img"), "unix:ino"))
        .isEqualTo(Files.getAttribute(payload, "unix:ino"));
  }

  @Test
  void contentThatIsNotThereIsSaidToBeMissing() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      assertThatThrownBy(
              () -> lease.put("targets/0c.img", Content.of(directory.resolve("nowhere"))))
          .isInstanceOf(java.nio.file.NoSuchFileException.class)
          .hasMessageContaining("nowhere");
    }
  }

  @Test
  void publisherOfBeforeTheFenceIsFollowedByAHigherNumber() throws Exception {
    Files.createDirectories(repo().resolve("metadata"));
    Files.writeString(repo().resolve(".publisher"), "41\n");
    Files.writeString(repo().resolve(".publisher.lock"), "");
    Files.writeString(repo().resolve("metadata/0a.part"), "half");
    Files.writeString(repo().resolve("metadata/1.root.json"), "root");
    try (Lease lease = storage().acquire()) {
      assertThat(lease.number()).isEqualTo(42);
    }
    List<String> left = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(repo())) {
      walk.filter(Files::isRegularFile).forEach(f -> left.add(repo().relativize(f).toString()));
    }
    assertThat(left).containsExactlyInAnyOrder("metadata/1.root.json", ".fence/42.free");
    try (Lease lease = storage().acquire()) {
      assertThat(lease.number()).isEqualTo(43);
    }
  }

  @Test
  void damagedNumberOfBeforeTheFenceIsRefused() throws Exception {
    Files.createDirectories(repo());
    Files.writeString(repo().resolve(".publisher"), "many");
    assertThatThrownBy(() -> storage().acquire())
        .isInstanceOf(java.io.IOException.class)
        .hasMessageContaining("a number is expected");
  }

  @Test
  void ownFilesAreNoObjects() throws Exception {
    RepositoryStorage storage = storage();
    storage.acquire().close();
    assertThat(storage.list("")).isEmpty();
  }

  @Test
  void oneThreadTakesTheLeaseOnce() throws Exception {
    RepositoryStorage storage = storage();
    Lease lease = storage.acquire();
    assertThatThrownBy(storage::acquire).isInstanceOf(IllegalStateException.class);
    lease.close();
  }
}
