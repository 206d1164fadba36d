package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.tuf.CuttableDisk.PowerCut;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The power goes at every write, force, rename, deletion and force of the directory. */
class FileStorePowerCutTests {
  private static final Path DIRECTORY = Path.of("store");
  private static final List<String> ROLES =
      List.of("root", "timestamp", "snapshot", "targets", "a");

  private static FileMetadataStore store(CuttableDisk disk) {
    return new FileMetadataStore(DIRECTORY, TufLimits.COMMON, disk);
  }

  /** What a device that is up to date has on its disk. */
  private static CuttableDisk upToDate(RepositorySimulator repository) throws Exception {
    CuttableDisk disk = new CuttableDisk();
    byte[] root = repository.latest("root");
    Updater.trustRoot(store(disk), root, Digest.of(root));
    updater(disk, repository).refresh();
    return disk;
  }

  private static Updater updater(CuttableDisk disk, RepositorySimulator repository)
      throws Exception {
    return new Updater(
        store(disk),
        repository,
        TufLimits.COMMON,
        LineagePolicy.tufAlone(),
        RepositorySimulator.START);
  }

  private static void update(CuttableDisk disk, RepositorySimulator repository) throws Exception {
    Updater updater = updater(disk, repository);
    updater.refresh();
    assertThat(updater.find("t")).isPresent();
  }

  /** Everything changes at once: roots, the timestamp key, targets, a delegated role. */
  private static void change(RepositorySimulator repository) {
    repository.publishRoot();
    repository.keys("timestamp", 1, key("timestamp-2")).publishRoot();
    repository.delegate("targets", "a", key("a"), "*");
    repository.add("a", "t", "content");
    repository.publish();
  }

  private static int stepsOfAWholeUpdate() throws Exception {
    RepositorySimulator repository = new RepositorySimulator();
    CuttableDisk disk = upToDate(repository);
    change(repository);
    disk.cutPowerAt(-1, false);
    update(disk, repository);
    return disk.steps();
  }

  @TestFactory
  Stream<DynamicTest> afterAPowerCutAtAnyStepANewUpdaterGoesOn() throws Exception {
    int steps = stepsOfAWholeUpdate();
    // Six files of four steps, two deletions of two.
    assertThat(steps).isEqualTo(28);
    List<DynamicTest> tests = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      int at = step;
      for (boolean applied : new boolean[] {false, true}) {
        for (boolean names : new boolean[] {false, true}) {
          String name =
              (applied ? "after step " : "before step ")
                  + at
                  + (names ? ", new names" : ", old names");
          tests.add(DynamicTest.dynamicTest(name, () -> cut(at, applied, names)));
        }
      }
    }
    return tests.stream();
  }

  private static void cut(int step, boolean applied, boolean names) throws Exception {
    RepositorySimulator repository = new RepositorySimulator();
    CuttableDisk disk = upToDate(repository);
    byte[] oldTimestamp = repository.latest("timestamp");
    change(repository);
    disk.cutPowerAt(step, applied);
    assertThatExceptionOfType(PowerCut.class).isThrownBy(() -> update(disk, repository));
    CuttableDisk later = disk.powerOn(names);

    // An attacker who waits for the power cut gains nothing by what was current before.
    byte[] newTimestamp = repository.latest("timestamp");
    repository.files().put("metadata/timestamp.json", oldTimestamp);
    TestClient.assertRefused(Reason.BELOW_THRESHOLD, () -> update(later, repository));

    repository.files().put("metadata/timestamp.json", newTimestamp);
    update(later, repository);
    for (String role : ROLES) {
      assertThat(store(later).load(role)).as(role).hasValue(repository.latest(role));
    }
  }

  /** Once a change was reported as done, no power cut takes it back. */
  @Test
  void whatWasStoredOrDeletedStays() throws Exception {
    CuttableDisk disk = new CuttableDisk();
    store(disk).store("root", new byte[] {1, 2});
    store(disk).store("timestamp", new byte[] {3, 4});
    store(disk).store("root", new byte[] {5, 6});
    store(disk).delete("timestamp");
    FileMetadataStore later = store(disk.powerOn(false));
    assertThat(later.load("root")).hasValue(new byte[] {5, 6});
    assertThat(later.load("timestamp")).isEmpty();
  }
}
