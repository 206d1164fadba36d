package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is written is read back as it was, and what cannot be meant is not taken. */
class MetadataModelTests {
  private static final TufKey KEY = TufKey.of(key("model").key());
  private static final RoleKeys ONE = RoleKeys.of(1, KEY);
  private static final Map<String, RoleKeys> FOUR_ROLES =
      Map.of("root", ONE, "timestamp", ONE, "snapshot", ONE, "targets", ONE);

  private static byte[] signed(Metadata metadata) {
    return RepositorySimulator.sign(metadata.toJson(), key("model"));
  }

  @Test
  void aRootIsReadAsItWasWritten() throws Exception {
    Root root = new Root(7, START, true, Map.of(KEY.keyId(), KEY), FOUR_ROLES);
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
    assertThat(targets.targets()).containsOnlyKeys("dir/t");
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
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Targets(0, START, Map.of(), Optional.empty()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Snapshot(0, START, Map.of("targets", MetaFile.of(1))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Root(0, START, true, Map.of(), FOUR_ROLES));
    assertThatIllegalArgumentException().isThrownBy(() -> MetaFile.of(0));
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
  void whatReadersWouldRefuseIsNotWritten() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Root(1, START, true, Map.of(), Map.of("root", ONE)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Snapshot(1, START, Map.of()));
    Optional<Instant> late = Optional.of(START.plusSeconds(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Timestamp(1, START, late, MetaFile.of(1)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Hashes(Map.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TargetFile("t", -1, Hashes.of(new byte[0]), Optional.empty()));
    SuccinctRoles bins = new SuccinctRoles(ONE, 1, "bin");
    List<DelegatedRole> roles =
        List.of(new DelegatedRole("a", ONE, TrustedPaths.matching("*"), false));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Delegations(Map.of(), roles, Optional.of(bins)));
    for (int bits : new int[] {0, 33}) {
      assertThatIllegalArgumentException().isThrownBy(() -> new SuccinctRoles(ONE, bits, "bin"));
    }
    for (int length : new int[] {0, 65}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new SuccinctRoles(ONE, 1, "p".repeat(length)));
    }
  }

  @Test
  void theEndsOfEachRangeAreWritten() {
    assertThat(new Timestamp(1, START, Optional.of(START), MetaFile.of(1)).issued())
        .hasValue(START);
    assertThat(new TargetFile("t", 0, Hashes.of(new byte[0]), Optional.empty()).lengthBytes())
        .isZero();
    assertThat(new SuccinctRoles(ONE, 1, "p".repeat(64)).namePrefix()).hasSize(64);
  }

  @Test
  void whatIsNoTopLevelRoleHasNoKeysInARoot() {
    Root root = new Root(1, START, true, Map.of(), FOUR_ROLES);
    assertThatIllegalArgumentException().isThrownBy(() -> root.roleKeys("channel"));
  }

  @Test
  void aKeyIsEqualInIdentifierAndContent() throws Exception {
    TufKey other = TufKey.of(key("other").key());
    TufKey misnamed = TufKey.read(KEY.keyId(), new Fields(other.toJson(), ""));
    assertThat(KEY).isEqualTo(TufKey.read(KEY.keyId(), new Fields(KEY.toJson(), "")));
    assertThat(KEY).isNotEqualTo(other).isNotEqualTo(misnamed).isNotEqualTo(KEY.keyId());
    assertThat(misnamed).isNotEqualTo(other);
  }

  @Test
  void limitsArePositive() {
    assertThat(new TufLimits(1, 1, 1, 1, 1, 1).roots()).isOne();
    for (int at = 0; at < 6; at++) {
      int[] n = {1, 1, 1, 1, 1, 1};
      n[at] = 0;
      assertThatIllegalArgumentException()
          .as("limit " + at)
          .isThrownBy(() -> new TufLimits(n[0], n[1], n[2], n[3], n[4], n[5]));
    }
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
