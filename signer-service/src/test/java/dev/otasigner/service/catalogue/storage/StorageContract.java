package dev.otasigner.service.catalogue.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every storage promises to the publisher. */
abstract class StorageContract {
  static final String POINTER = "metadata/timestamp.json";
  static final Duration LEASE = Duration.ofSeconds(30);

  @TempDir Path directory;

  private final AtomicLong nanos = new AtomicLong();

  /** By how much time moves whenever somebody looks: whoever waits sees it pass. */
  private final AtomicLong step = new AtomicLong(1_000_000_000L);

  long look() {
    return nanos.addAndGet(step.get());
  }

  /** Two of them on the same objects are two machines. */
  abstract RepositoryStorage storage();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Optional<String> read(RepositoryStorage storage, String name) throws IOException {
    return storage.read(name, 1000).map(b -> new String(b, StandardCharsets.UTF_8));
  }

  private static Optional<String> pointer(RepositoryStorage storage) throws IOException {
    return storage.pointer().map(p -> new String(p.bytes().toByteArray(), StandardCharsets.UTF_8));
  }

  private static Optional<String> tag(RepositoryStorage storage) throws IOException {
    return storage.pointer().map(Pointer::tag);
  }

  @Test
  void emptyStorageHasNothing() throws Exception {
    assertThat(storage().find("metadata/1.root.json")).isEmpty();
    assertThat(storage().pointer()).isEmpty();
    assertThat(storage().list("metadata/")).isEmpty();
  }

  @Test
  void whatIsCreatedIsThere() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.create("metadata/1.root.json", bytes("root"));
      lease.create("metadata/1.targets.json", bytes("targets"));
      lease.put("targets/a/b/0c.img", Content.of(bytes("image")));
    }
    assertThat(read(storage(), "metadata/1.root.json")).hasValue("root");
    assertThat(storage().find("targets/a/b/0c.img").orElseThrow().lengthBytes()).isEqualTo(5);
    assertThat(storage().list("metadata/"))
        .containsExactlyInAnyOrder("metadata/1.root.json", "metadata/1.targets.json");
    assertThat(storage().list("targets/a/")).containsExactlyInAnyOrder("targets/a/b/0c.img");
    assertThat(storage().list("metadata/1.r")).containsExactly("metadata/1.root.json");
  }

  @Test
  void objectIsReadFromAnOffsetOn() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.put("targets/0c.img", Content.of(bytes("0123456789")));
    }
    StoredObject object = storage.find("targets/0c.img").orElseThrow();
    try (var from = object.open(7);
        var end = object.open(10);
        var behind = object.open(99)) {
      assertThat(from).hasContent("789");
      assertThat(end).isEmpty();
      assertThat(behind).isEmpty();
    }
  }

  @Test
  void objectLongerThanItsReaderTakesIsRefused() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.create("metadata/1.root.json", bytes("12345"));
    }
    assertThat(storage.read("metadata/1.root.json", 5)).isPresent();
    assertThatThrownBy(() -> storage.read("metadata/1.root.json", 4))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("longer than 4 bytes");
  }

  @Test
  void objectIsCreatedOnce() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.create("metadata/1.root.json", bytes("first"));
      assertThatThrownBy(() -> lease.create("metadata/1.root.json", bytes("second")))
          .isInstanceOf(FileAlreadyExistsException.class);
    }
    assertThat(read(storage, "metadata/1.root.json")).hasValue("first");
  }

  @Test
  void whatIsRemovedIsGoneAndMayBeRemovedAgain() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.put("targets/0c.img", Content.of(bytes("image")));
      lease.put("targets/0d.img", Content.of(bytes("other")));
      lease.remove("targets/0c.img");
      lease.remove("targets/0c.img");
    }
    assertThat(storage().find("targets/0c.img")).isEmpty();
    assertThat(storage().list("targets/")).containsExactly("targets/0d.img");
  }

  @Test
  void damagedContentIsPutAnew() throws Exception {
    Path file = Files.writeString(directory.resolve("payload"), "whole");
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.put("targets/0c.img", Content.of(bytes("who")));
      lease.put("targets/0c.img", Content.of(file));
    }
    assertThat(read(storage, "targets/0c.img")).hasValue("whole");
    assertThat(file).hasContent("whole");
  }

  @Test
  void pointerIsReplacedByWhoeverHasReadIt() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.replacePointer(Optional.empty(), bytes("1"));
      lease.replacePointer(tag(storage), bytes("2"));
    }
    assertThat(pointer(storage())).hasValue("2");
    assertThat(read(storage(), POINTER)).hasValue("2");
  }

  @Test
  void pointerThatIsAnotherByNowIsNotReplaced() throws Exception {
    RepositoryStorage storage = storage();
    try (Lease lease = storage.acquire()) {
      lease.replacePointer(Optional.empty(), bytes("1"));
      Optional<String> stale = tag(storage);
      lease.replacePointer(stale, bytes("2"));
      assertThatThrownBy(() -> lease.replacePointer(stale, bytes("3")))
          .isInstanceOf(LostException.class);
      assertThatThrownBy(() -> lease.replacePointer(Optional.empty(), bytes("3")))
          .isInstanceOf(LostException.class);
    }
    assertThat(pointer(storage)).hasValue("2");
  }

  @Test
  void everyHolderHasAHigherNumber() throws Exception {
    long last = 0;
    for (int i = 0; i < 3; i++) {
      try (Lease lease = storage().acquire()) {
        assertThat(lease.number()).isGreaterThan(last);
        last = lease.number();
      }
    }
  }

  @Test
  void silentHolderIsFollowedAfterTheLeaseAndCanNotWriteAnyMore() throws Exception {
    RepositoryStorage frozen = storage();
    Lease lost = frozen.acquire();
    lost.replacePointer(Optional.empty(), bytes("1"));
    Optional<String> read = tag(frozen);
    try (Lease taken = storage().acquire()) {
      assertThat(taken.number()).isGreaterThan(lost.number());
      taken.replacePointer(read, bytes("2"));
      assertThatThrownBy(() -> lost.replacePointer(read, bytes("late")))
          .isInstanceOf(LostException.class);
      assertThatThrownBy(() -> lost.create("metadata/9.snapshot.json", bytes("late")))
          .isInstanceOf(LostException.class);
      assertThatThrownBy(() -> lost.put("targets/0c.img", Content.of(bytes("late"))))
          .isInstanceOf(LostException.class);
      assertThatThrownBy(() -> lost.remove("metadata/1.root.json"))
          .isInstanceOf(LostException.class);
      assertThatThrownBy(lost::alive).isInstanceOf(LostException.class);
      lost.close();
      taken.replacePointer(tag(frozen), bytes("3"));
    }
    assertThat(pointer(storage())).hasValue("3");
    assertThat(storage().find("metadata/9.snapshot.json")).isEmpty();
    assertThat(storage().find("targets/0c.img")).isEmpty();
  }

  @Test
  void holderThatShowsSignsOfLifeIsWaitedFor() throws Exception {
    RepositoryStorage storage = storage();
    Lease busy = storage.acquire();
    step.set(0);
    Thread waiting = new Thread(() -> takeAndGiveBack(storage()));
    waiting.start();
    // A sign at each tenth of the lease, for a hundred leases.
    for (int i = 0; i < 1000; i++) {
      nanos.addAndGet(LEASE.toNanos() / 10);
      busy.alive();
      assertThat(waiting.isAlive()).isTrue();
    }
    busy.replacePointer(Optional.empty(), bytes("mine"));
    busy.close();
    waiting.join();
    assertThat(pointer(storage)).hasValue("mine");
  }

  private static void takeAndGiveBack(RepositoryStorage storage) {
    try {
      storage.acquire().close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/etc/passwd",
        "../x",
        "metadata/../../x",
        "a//b",
        "metadata/",
        ".fence/1",
        "targets/.hidden",
        "targets/./x"
      })
  void nameThatLeadsElsewhereIsNoObject(String name) throws Exception {
    RepositoryStorage storage = storage();
    assertThat(storage.find(name)).isEmpty();
    try (Lease lease = storage.acquire()) {
      assertThatThrownBy(() -> lease.create(name, bytes("x"))).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> lease.put(name, Content.of(bytes("x"))))
          .isInstanceOf(IOException.class);
    }
  }
}
