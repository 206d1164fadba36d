package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is written is read back as it was, and what cannot be meant is not taken. */
class MetadataModelTests {
  private static final TufKey KEY = TufKey.of(key("model").key());
  private static final RoleKeys ONE = RoleKeys.of(1, KEY);

  private static byte[] signed(Metadata metadata) {
    return RepositorySimulator.sign(metadata.toJson(), key("model"));
  }

  @Test
  void aRootIsReadAsItWasWritten() throws Exception {
    Root root =
        new Root(
            7,
            START,
            true,
            Map.of(KEY.keyId(), KEY),
            Map.of("root", ONE, "timestamp", ONE, "snapshot", ONE, "targets", ONE));
    assertThat(SignedMetadata.root(signed(root), 10_000).signed()).isEqualTo(root);
  }

  @Test
  void aTimestampIsReadAsItWasWritten() throws Exception {
    Timestamp timestamp =
        new Timestamp(3, START, Optional.of(START.minusSeconds(5)), MetaFile.of(4, new byte[9]));
    assertThat(SignedMetadata.timestamp(signed(timestamp), 10_000).signed()).isEqualTo(timestamp);
  }

  @Test
  void aSnapshotIsReadAsItWasWritten() throws Exception {
    Snapshot snapshot =
        new Snapshot(
            3, START, Map.of("targets", MetaFile.of(1), "a/b", MetaFile.of(2, new byte[9])));
    assertThat(SignedMetadata.snapshot(signed(snapshot), 10_000).signed()).isEqualTo(snapshot);
  }

  @Test
  void targetsAreReadAsTheyWereWritten() throws Exception {
    TargetFile file =
        TargetFile.of("dir/t", new byte[9]).withCustom(Json.object().put("n", 1).build());
    DelegatedRole a = new DelegatedRole("a", ONE, TrustedPaths.matching("dir/*", "x"), true);
    DelegatedRole b =
        new DelegatedRole("b", ONE, new TrustedPaths.HashPrefixes(List.of("0a")), false);
    Targets targets =
        Targets.of(3, START, List.of(file)).with(Delegations.of(List.of(KEY), List.of(a, b)));
    assertThat(SignedMetadata.targets(signed(targets), 10_000).signed()).isEqualTo(targets);
  }

  @Test
  void succinctDelegationsAreReadAsTheyWereWritten() throws Exception {
    Targets targets =
        Targets.of(3, START, List.of())
            .with(Delegations.of(List.of(KEY), new SuccinctRoles(ONE, 8, "bin")));
    assertThat(SignedMetadata.targets(signed(targets), 10_000).signed()).isEqualTo(targets);
  }

  @Test
  void whatIsWrittenIsInCanonicalForm() {
    String text =
        new String(
            new Timestamp(1, START, Optional.of(START), MetaFile.of(2)).toJson().canonicalBytes(),
            StandardCharsets.UTF_8);
    assertThat(text)
        .isEqualTo(
            "{\"_type\":\"timestamp\",\"expires\":\"2026-01-01T00:00:00Z\","
                + "\"issued\":\"2026-01-01T00:00:00Z\",\"meta\":{\"snapshot.json\":"
                + "{\"version\":2}},\"spec_version\":\"1.0.34\",\"version\":1}");
  }

  @Test
  void versionsCountFromOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Timestamp(0, START, Optional.empty(), MetaFile.of(1)));
    Json.Obj zero =
        Tampering.with(
            new Timestamp(1, START, Optional.empty(), MetaFile.of(1)).toJson(),
            "version",
            v -> new Json.Num(0));
    byte[] bytes = RepositorySimulator.sign(zero, key("model"));
    TestClient.assertRefused(Reason.MALFORMED, () -> SignedMetadata.timestamp(bytes, bytes.length));
  }

  @Test
  void aThresholdBelowOneIsNotTaken() {
    assertThatIllegalArgumentException().isThrownBy(() -> new RoleKeys(List.of("k"), 0));
  }

  @Test
  void aRoleThatListsAKeyTwiceIsNotTaken() {
    assertThatIllegalArgumentException().isThrownBy(() -> new RoleKeys(List.of("k", "k"), 2));
  }

  @Test
  void aRootWithoutARoleIsMalformed() {
    Json.Obj json =
        Json.object()
            .put("_type", "root")
            .put("spec_version", "1.0.34")
            .put("version", 1)
            .put("expires", START)
            .put("keys", Json.object().build())
            .put("roles", Json.object().build())
            .build();
    byte[] bytes = RepositorySimulator.sign(json);
    TestClient.assertRefused(Reason.MALFORMED, () -> SignedMetadata.root(bytes, bytes.length));
  }

  @Test
  void aSnapshotWithoutTargetsIsRefused() {
    Json.Obj json =
        Json.object()
            .put("_type", "snapshot")
            .put("spec_version", "1.0.34")
            .put("version", 1)
            .put("expires", START)
            .put("meta", Json.object().build())
            .build();
    byte[] bytes = RepositorySimulator.sign(json);
    TestClient.assertRefused(
        Reason.METADATA_MISSING, () -> SignedMetadata.snapshot(bytes, bytes.length));
  }

  @Test
  void aFileOverItsLimitIsNotRead() {
    byte[] bytes = new RepositorySimulator().latest("root");
    TestClient.assertRefused(
        Reason.LIMIT_EXCEEDED, () -> SignedMetadata.root(bytes, bytes.length - 1));
  }
}
