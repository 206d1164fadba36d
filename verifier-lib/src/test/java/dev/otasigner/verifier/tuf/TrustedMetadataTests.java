package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

/** A caller that mixes up the order of the workflow is told so, and nothing is taken over. */
class TrustedMetadataTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TrustedMetadata trusted;

  TrustedMetadataTests() throws Exception {
    trusted =
        new TrustedMetadata(
            repository.latest("root"),
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
  }

  @Test
  void noRootComesAfterTheLast() throws Exception {
    trusted.finishRoot();
    repository.publishRoot();
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.updateRoot(repository.latest("root")));
  }

  @Test
  void theTimestampComesAfterTheLastRoot() {
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.updateTimestamp(repository.latest("timestamp")));
  }

  @Test
  void theTimestampComesBeforeTheSnapshot() throws Exception {
    trusted.finishRoot();
    trusted.updateTimestamp(repository.latest("timestamp"));
    trusted.updateSnapshot(repository.latest("snapshot"));
    repository.publishTimestamp();
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.updateTimestamp(repository.latest("timestamp")));
  }

  @Test
  void theSnapshotComesAfterTheTimestamp() throws Exception {
    trusted.finishRoot();
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.restoreSnapshot(repository.latest("snapshot")));
  }

  @Test
  void theSnapshotComesBeforeTargets() throws Exception {
    trusted.finishRoot();
    trusted.updateTimestamp(repository.latest("timestamp"));
    trusted.updateSnapshot(repository.latest("snapshot"));
    trusted.updateTargets(repository.latest("targets"));
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.updateSnapshot(repository.latest("snapshot")));
  }

  @Test
  void aSnapshotThatOnlyGuardsAnnouncesNothing() throws Exception {
    byte[] old = repository.latest("snapshot");
    repository.publish();
    trusted.finishRoot();
    trusted.updateTimestamp(repository.latest("timestamp"));
    trusted.restoreSnapshot(old);
    assertThatIllegalStateException().isThrownBy(() -> trusted.announced("targets"));
  }

  @Test
  void aRoleIsLoadedOnce() throws Exception {
    trusted.finishRoot();
    trusted.updateTimestamp(repository.latest("timestamp"));
    trusted.updateSnapshot(repository.latest("snapshot"));
    trusted.updateTargets(repository.latest("targets"));
    assertThatIllegalStateException()
        .isThrownBy(() -> trusted.updateTargets(repository.latest("targets")));
  }

  @Test
  void anUpdateRefreshesOnce() throws Exception {
    Updater updater = new TestClient(repository).refresh();
    assertThatIllegalStateException().isThrownBy(updater::refresh);
  }

  /** It would be another update under the old one's reading of the clock. */
  @Test
  void anUpdateThatFailedIsNotRefreshedAgain() throws Exception {
    byte[] timestamp = repository.files().remove("metadata/timestamp.json");
    Updater updater = new TestClient(repository).updater();
    assertThatIOException().isThrownBy(updater::refresh);
    repository.files().put("metadata/timestamp.json", timestamp);
    assertThatIllegalStateException().isThrownBy(updater::refresh);
  }
}
