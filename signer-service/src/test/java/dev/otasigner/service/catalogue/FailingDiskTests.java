package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.TestRepository.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The disk is full, or can not be written, at each write of a publication in turn: every client
 * accepts what is there, the timestamp never goes back, and the next run finishes.
 */
class FailingDiskTests {
  private static final ChannelRole STABLE = new ChannelRole("stable", "gw");
  private static final String HEAD = "stable/gw/head.json";
  private static final int BLOCK = 4096;

  @TempDir Path directory;

  /** Long enough that its twins are worth packing, and that it fills blocks. */
  private static Wanted wanted(String word) {
    byte[] head = (word + " ").repeat(1000).getBytes(StandardCharsets.UTF_8);
    return new Wanted(Map.of(STABLE, List.of(WantedFile.of(HEAD, head))), Optional.empty());
  }

  private static String word(TestRepository.Client client, Instant now) throws Exception {
    byte[] head = client.fetch(HEAD, now).orElseThrow();
    return new String(head, StandardCharsets.UTF_8).split(" ", 2)[0];
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failureOfAnyWriteIsFinishedByTheNextRun(boolean afterItsEffect) throws Exception {
    int writes = writesOfAChange();
    assertThat(writes).isGreaterThan(6);
    for (int write = 1; write <= writes; write++) {
      Path own = directory.resolve("at-" + write);
      TestRepository repository = new TestRepository(own.resolve("repo"), false);
      repository.publish(wanted("one"), START);
      TestRepository.Client old = repository.client(own.resolve("old"));
      assertThat(word(old, START)).isEqualTo("one");
      long announced = repository.version("timestamp");

      repository.storage().failAt(write, afterItsEffect);
      Instant now = START.plusSeconds(60);
      assertThatThrownBy(() -> repository.publish(wanted("two"), now))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(afterItsEffect ? "Input/output error" : "No space left");
      String there = write == writes && afterItsEffect ? "two" : "one";
      TestRepository.Client fresh = repository.client(own.resolve("fresh"));
      assertThat(word(old, now)).as("at %s", write).isEqualTo(there);
      assertThat(word(fresh, now)).as("at %s", write).isEqualTo(there);
      assertThat(repository.version("timestamp")).isGreaterThanOrEqualTo(announced);

      repository.storage().repair();
      Instant later = now.plusSeconds(60);
      repository.publish(wanted("two"), later);
      assertThat(word(old, later)).isEqualTo("two");
      assertThat(word(fresh, later)).isEqualTo("two");
    }
  }

  private int writesOfAChange() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("count"), false);
    repository.publish(wanted("one"), START);
    repository.storage().repair();
    repository.publish(wanted("two"), START.plusSeconds(60));
    return repository.storage().writes();
  }

  /** A real file system of few blocks; root alone can have one. */
  private Path mount() throws Exception {
    Path mount = Files.createDirectory(directory.resolve("mount"));
    String[] command = {
      "mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=500", "tmpfs", mount.toString()
    };
    assumeTrue(run(command), "a small file system can not be mounted here");
    return mount;
  }

  private static boolean run(String... command) throws Exception {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void fileSystemThatFillsUpAnywhereLeavesACatalogueThatClientsAccept() throws Exception {
    Path mount = mount();
    try {
      TestRepository repository = new TestRepository(mount.resolve("repo"), false);
      repository.publish(wanted("one"), START);
      TestRepository.Client old = repository.client(directory.resolve("old"));
      String there = word(old, START);
      Path ballast = mount.resolve("ballast");
      Instant now = START;
      int full = 0;
      int finished = 0;
      // From no free block to as many as a whole publication takes.
      for (int free = 0; finished == 0 || free < 4; free++) {
        now = now.plusSeconds(60);
        fill(ballast, free);
        String next = "round-" + free;
        long announced = repository.version("timestamp");
        try {
          repository.publish(wanted(next), now);
          there = next;
          finished++;
        } catch (IOException e) {
          full++;
        }
        assertThat(word(old, now)).as("%s blocks free", free).isEqualTo(there);
        Path fresh = directory.resolve("fresh-" + free);
        assertThat(word(repository.client(fresh), now)).isEqualTo(there);
        assertThat(repository.version("timestamp")).isGreaterThanOrEqualTo(announced);
        Files.delete(ballast);
      }
      assertThat(full).isGreaterThan(3);
      repository.publish(wanted("room"), now.plusSeconds(60));
      assertThat(word(old, now.plusSeconds(60))).isEqualTo("room");
    } finally {
      assertThat(run("umount", mount.toString())).isTrue();
    }
  }

  /** Leaves this many blocks. */
  private static void fill(Path ballast, int blocks) throws IOException {
    Files.createFile(ballast);
    long room = Files.getFileStore(ballast).getUsableSpace() / BLOCK;
    Files.write(ballast, new byte[(int) Math.max(0, (room - blocks) * BLOCK)]);
  }

  @Test
  void fileSystemThatTurnsReadOnlyIsStillACatalogue() throws Exception {
    Path mount = mount();
    try {
      TestRepository repository = new TestRepository(mount.resolve("repo"), false);
      repository.publish(wanted("one"), START);
      TestRepository.Client old = repository.client(directory.resolve("old"));
      assertThat(word(old, START)).isEqualTo("one");
      assertThat(run("mount", "-o", "remount,ro", mount.toString())).isTrue();
      Instant now = START.plusSeconds(60);
      assertThatThrownBy(() -> repository.publish(wanted("two"), now))
          .isInstanceOf(IOException.class);
      assertThat(word(old, now)).isEqualTo("one");
      assertThat(word(repository.client(directory.resolve("fresh")), now)).isEqualTo("one");
      assertThat(run("mount", "-o", "remount,rw", mount.toString())).isTrue();
      repository.publish(wanted("two"), now);
      assertThat(word(old, now)).isEqualTo("two");
    } finally {
      assertThat(run("umount", mount.toString())).isTrue();
    }
  }
}
