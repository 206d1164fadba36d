package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static dev.otasigner.verifier.tuf.RepositorySimulator.START;
import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a document may not say, however well it is signed. */
class MetadataReadingTests {
  private static final TufKey KEY = TufKey.of(key("model").key());
  private static final RoleKeys ONE = RoleKeys.of(1, KEY);

  private static Json.Obj role(String name) {
    Json.Obj valid = new DelegatedRole("x", ONE, TrustedPaths.matching("*"), false).toJson();
    return put(valid, "name", new Json.Str(name));
  }

  private static void readRole(String name) throws RejectedException {
    DelegatedRole.read(new Fields(role(name), ""), TufLimits.Counts.COMMON);
  }

  private static Json.Obj header(String type) {
    return Json.object()
        .put("_type", type)
        .put("spec_version", Metadata.SPEC_VERSION)
        .put("version", 1)
        .put("expires", START)
        .build();
  }

  private static Json.Obj put(Json.Obj object, String member, Json value) {
    return Tampering.with(object, member, before -> value);
  }

  @Test
  void aDelegatedRoleWithoutANameIsRefused() {
    assertRefused(Reason.MALFORMED, () -> readRole(""));
  }

  @Test
  void aDelegatedRoleWhoseFileNameWouldBeTooLongIsRefused() throws Exception {
    readRole("r".repeat(200));
    assertRefused(Reason.MALFORMED, () -> readRole("r".repeat(201)));
    // Encoded, each of these takes three characters.
    assertRefused(Reason.MALFORMED, () -> readRole("/".repeat(67)));
  }

  @Test
  void aRoleThatIsDelegatedToTwiceIsRefused() {
    Json.Obj twice =
        Json.object()
            .put("keys", TufKey.write(TufKey.byId(List.of(KEY))))
            .put("roles", List.of(role("a"), role("a")))
            .build();
    assertRefused(
        Reason.MALFORMED, () -> Delegations.read(new Fields(twice, ""), TufLimits.Counts.COMMON));
  }

  @Test
  void delegationsOfBothKindsOrOfNoneAreRefused() {
    Json.Obj none = Json.object().put("keys", TufKey.write(TufKey.byId(List.of(KEY)))).build();
    assertRefused(
        Reason.MALFORMED, () -> Delegations.read(new Fields(none, ""), TufLimits.Counts.COMMON));
    Json.Obj both =
        put(
            put(none, "roles", new Json.Arr(List.of(role("a")))),
            "succinct_roles",
            new SuccinctRoles(ONE, 1, "bin").toJson());
    assertRefused(
        Reason.MALFORMED, () -> Delegations.read(new Fields(both, ""), TufLimits.Counts.COMMON));
  }

  @Test
  void aPrefixOfBinsHasOneToSixtyFourCharacters() throws Exception {
    Json.Obj bins = new SuccinctRoles(ONE, 1, "bin").toJson();
    for (int length : new int[] {1, 64}) {
      Json.Obj right = put(bins, "name_prefix", new Json.Str("p".repeat(length)));
      assertThat(SuccinctRoles.read(new Fields(right, ""), TufLimits.Counts.COMMON).namePrefix())
          .hasSize(length);
    }
    for (int length : new int[] {0, 65}) {
      Json.Obj wrong = put(bins, "name_prefix", new Json.Str("p".repeat(length)));
      assertRefused(
          Reason.MALFORMED,
          () -> SuccinctRoles.read(new Fields(wrong, ""), TufLimits.Counts.COMMON));
    }
  }

  @Test
  void aTargetWithoutAnyHashIsRefused() {
    Json.Obj bare = Json.object().put("length", 1).put("hashes", Json.object().build()).build();
    assertRefused(Reason.MALFORMED, () -> TargetFile.read("t", new Fields(bare, "")));
  }

  @Test
  void aRoleThatListsAKeyTwiceIsRefused() {
    Json.Obj twice =
        Json.object().put("keyids", Json.strings(List.of("k", "k"))).put("threshold", 2).build();
    assertRefused(
        Reason.MALFORMED, () -> RoleKeys.read(new Fields(twice, ""), TufLimits.Counts.COMMON));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "abc", "1", "1.", "1.0.x", "1.0.34 ", "2.0.0", "10.0.0", "01.0.0"})
  void anotherSpecificationVersionIsRefused(String version) {
    Json.Obj signed = put(header("targets"), "spec_version", new Json.Str(version));
    assertRefused(
        Reason.UNSUPPORTED_VERSION, () -> Metadata.Header.read(new Fields(signed, ""), "targets"));
  }

  @Test
  void aLongTypeIsNotQuotedWhole() {
    RejectedException refusal =
        assertRefused(
            Reason.METADATA_WRONG_ROLE,
            () -> Metadata.Header.read(new Fields(header("t".repeat(21)), ""), "targets"));
    assertThat(refusal.actual()).isEqualTo("'" + "t".repeat(20) + "...'");
    refusal =
        assertRefused(
            Reason.METADATA_WRONG_ROLE,
            () -> Metadata.Header.read(new Fields(header("t".repeat(20)), ""), "targets"));
    assertThat(refusal.actual()).isEqualTo("'" + "t".repeat(20) + "'");
  }

  @Test
  void aRootThatDoesNotSpeakOfConsistentSnapshotsHasNone() throws Exception {
    Root root =
        new Root(
            1,
            START,
            true,
            Map.of(KEY.keyId(), KEY),
            Map.of("root", ONE, "timestamp", ONE, "snapshot", ONE, "targets", ONE));
    Map<String, Json> members = new LinkedHashMap<>(root.toJson().members());
    members.remove("consistent_snapshot");
    assertThat(
            Root.read(new Fields(new Json.Obj(members), ""), TufLimits.Counts.COMMON)
                .consistentSnapshot())
        .isFalse();
  }

  @Test
  void whatASnapshotListsBesideJsonFilesIsLeftAside() throws Exception {
    Json.Obj listed =
        Json.object()
            .put("targets.json", MetaFile.of(1).toJson())
            .put("readme", new Json.Str("not a role"))
            .build();
    Snapshot snapshot =
        Snapshot.read(
            new Fields(put(header("snapshot"), "meta", listed), ""), TufLimits.Counts.COMMON);
    assertThat(snapshot.meta()).containsOnlyKeys("targets");
  }

  @Test
  void aLengthIsCheckedWhereNoHashIsAnnounced() throws Exception {
    MetaFile announced = new MetaFile(1, OptionalLong.of(9), Optional.empty());
    announced.verify(new byte[9]);
    assertRefused(Reason.METADATA_DIGEST_MISMATCH, () -> announced.verify(new byte[8]));
    assertRefused(Reason.METADATA_DIGEST_MISMATCH, () -> announced.verify(new byte[10]));
    // And nothing is checked where nothing is announced.
    MetaFile.of(1).verify(new byte[10]);
  }

  @Test
  void aKeyThatIsNamedButNotListedNeverCounts() throws Exception {
    Json.Obj signed = new Targets(1, START, Map.of(), Optional.empty()).toJson();
    byte[] file = RepositorySimulator.sign(signed, key("model"));
    SignedMetadata<Targets> read = SignedMetadata.targets(file, file.length);
    assertRefused(
        Reason.BELOW_THRESHOLD,
        () -> LineagePolicy.tufAlone().requireSigned("targets", read, Map.of(), ONE));
  }

  @Test
  void aMisnamedKeyDoesNoHarmWhereOthersReachTheThreshold() throws Exception {
    Json.Obj signed = new Targets(1, START, Map.of(), Optional.empty()).toJson();
    byte[] file = RepositorySimulator.sign(signed, key("model"));
    SignedMetadata<Targets> read = SignedMetadata.targets(file, file.length);
    TufKey misnamed =
        TufKey.read("00", new Fields(TufKey.of(key("other").key()).toJson(), "keys.00"));
    Map<String, TufKey> keys = Map.of(KEY.keyId(), KEY, "00", misnamed);
    List<String> both = List.of(KEY.keyId(), "00");
    LineagePolicy tuf = LineagePolicy.tufAlone();
    tuf.requireSigned("targets", read, keys, new RoleKeys(both, 1));
    assertRefused(
        Reason.KEYID_MISMATCH,
        () -> tuf.requireSigned("targets", read, keys, new RoleKeys(both, 2)));
  }
}
