package dev.otasigner.verifier.ceremony;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class CeremonyTests {
  private static final Instant NOW = Instant.parse("2026-11-23T07:00:00Z");
  private static final Instant SIGN_BY = NOW.plus(Duration.ofDays(14));
  private static final Instant EXPIRES = NOW.plus(Duration.ofDays(700));
  private static final CeremonyTerms TERMS = new CeremonyTerms("pump", "main", false, SIGN_BY);
  private static final CeremonyTerms BOTH_KINDS = new CeremonyTerms("pump", "main", true, SIGN_BY);

  private static final Holder ANNA = new Holder("anna", SignatureSuite.ED25519);
  private static final Holder BEN = new Holder("ben", SignatureSuite.ECDSA_P256_SHA256);
  private static final Holder CAROL = new Holder("carol", SignatureSuite.ECDSA_P384_SHA384);
  private static final Holder DORA = new Holder("dora", SignatureSuite.ML_DSA_65);
  private static final Holder EVE = new Holder("eve", SignatureSuite.ED25519);
  private static final Holder ONLINE = new Holder("", SignatureSuite.ED25519);

  private record Holder(String name, SignatureSuite suite) {
    TestKey key() {
      return TestKey.of(suite, "holder-" + name);
    }

    TufKey listed() {
      return name.isEmpty() ? TufKey.of(key().key()) : TufKey.of(key().key(), name);
    }
  }

  private static Root root(long version, int threshold, Holder... holders) {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    List<String> ids = new ArrayList<>();
    for (Holder holder : holders) {
      keys.put(holder.listed().keyId(), holder.listed());
      ids.add(holder.listed().keyId());
    }
    keys.put(ONLINE.listed().keyId(), ONLINE.listed());
    RoleKeys held = new RoleKeys(ids, threshold);
    RoleKeys online = RoleKeys.of(1, ONLINE.listed());
    return new Root(
        version,
        EXPIRES,
        true,
        keys,
        Map.of(
            Metadata.ROOT, held,
            Metadata.TARGETS, held,
            Metadata.SNAPSHOT, online,
            Metadata.TIMESTAMP, online));
  }

  private static CeremonyFile first(Root root) {
    return CeremonyFile.draft(TERMS.on(root.toJson()), List.of(), Optional.empty());
  }

  private static CeremonyFile after(CeremonyFile before, Root root) {
    return after(before, TERMS, root);
  }

  private static CeremonyFile after(CeremonyFile before, CeremonyTerms terms, Root root) {
    return CeremonyFile.draft(
        terms.on(root.toJson()), List.of(Bytes.copyOf(before.published())), Optional.empty());
  }

  private static CeremonyFile sign(CeremonyFile file, Holder holder) throws RejectedException {
    CeremonyFile signed = file;
    for (TufKey as : Ceremony.of(file).requireMaySign(holder.key().key())) {
      signed = signed.with(signature(file, holder, as));
    }
    return signed;
  }

  private static KeySignature signature(CeremonyFile file, Holder holder, TufKey as) {
    byte[] input = SignedMetadata.toBeSigned(holder.key().key(), file.signed().canonicalBytes());
    return KeySignature.of(as, holder.key().sign(input));
  }

  private static void sound(CeremonyFile file) throws RejectedException {
    Ceremony.of(CeremonyFile.read(file.toJson().textBytes())).requireSound(NOW);
  }

  private static void assertRefused(Reason reason, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words);
  }

  private static CeremonyFile twoOfThree() {
    return first(root(1, 2, ANNA, BEN, CAROL));
  }

  @Test
  void twoOfThreeHoldersSignAFirstRoot() throws Exception {
    CeremonyFile file = twoOfThree();
    sound(file);
    assertRefused(Reason.BELOW_THRESHOLD, "root version 1", () -> complete(file));
    CeremonyFile one = sign(file, BEN);
    assertRefused(Reason.BELOW_THRESHOLD, "root version 1", () -> complete(one));
    CeremonyFile two = sign(one, ANNA);
    sound(two);
    assertThatCode(() -> complete(two)).doesNotThrowAnyException();
  }

  private static void complete(CeremonyFile file) throws RejectedException {
    Ceremony.of(file).requireComplete();
  }

  @Test
  void theNextRootNeedsEnoughHoldersOfBothRoots() throws Exception {
    CeremonyFile before = sign(sign(twoOfThree(), ANNA), BEN);
    CeremonyFile next = after(before, root(2, 2, ANNA, BEN, EVE));
    CeremonyFile one = sign(next, ANNA);
    CeremonyFile byNew = sign(one, EVE);
    assertRefused(Reason.BELOW_THRESHOLD, "keys of root version 1", () -> complete(byNew));
    CeremonyFile byOld = sign(one, CAROL);
    assertRefused(Reason.BELOW_THRESHOLD, "keys of root version 2", () -> complete(byOld));
    complete(sign(one, BEN));
  }

  @Test
  void whoSignedIsKnownByName() throws Exception {
    CeremonyFile before = sign(sign(twoOfThree(), ANNA), BEN);
    Ceremony ceremony = Ceremony.of(sign(after(before, root(2, 2, ANNA, BEN, EVE)), EVE));
    assertThat(ceremony.voters().stream().map(ceremony::signed).toList())
        .containsExactly(List.of(), List.of("eve"));
  }

  @Test
  void aHolderWhoseNameChangesSignsUnderBoth() throws Exception {
    CeremonyFile before = sign(sign(twoOfThree(), ANNA), BEN);
    Map<String, TufKey> keys = new LinkedHashMap<>(root(2, 2, ANNA, BEN, CAROL).keys());
    TufKey renamed = TufKey.of(ANNA.key().key(), "annabel");
    keys.put(renamed.keyId(), renamed);
    RoleKeys held = RoleKeys.of(2, renamed, BEN.listed(), CAROL.listed());
    Map<String, RoleKeys> roles = new LinkedHashMap<>(root(2, 2, ANNA, BEN, CAROL).roles());
    roles.put(Metadata.ROOT, held);
    CeremonyFile next = after(before, new Root(2, EXPIRES, true, keys, roles));
    CeremonyFile signed = sign(sign(next, ANNA), BEN);
    sound(signed);
    complete(signed);
    assertThat(signed.signatures()).hasSize(3);
  }

  @Test
  void aKeyThatIsNoHoldersDoesNotSign() {
    assertRefused(Reason.UNKNOWN_KEY, "anna, ben, carol", () -> sign(twoOfThree(), EVE));
  }

  @Test
  void aSecondSignatureOfTheSameKeyIsRefused() throws Exception {
    CeremonyFile signed = sign(twoOfThree(), ANNA);
    assertRefused(Reason.MALFORMED, "anna has signed already", () -> sign(signed, ANNA));
  }

  @Test
  void aFileWithTwoSignaturesOfOneKeyIsRefused() throws Exception {
    String text =
        new String(
            sign(twoOfThree(), ANNA).toJson().textBytes(), java.nio.charset.StandardCharsets.UTF_8);
    int from = text.indexOf("{\"keyid\"");
    String entry = text.substring(from, text.indexOf('}', from) + 1);
    byte[] twice =
        text.replace(entry, entry + "," + entry).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    assertRefused(Reason.MALFORMED, "signed twice", () -> CeremonyFile.read(twice));
  }

  @Test
  void aDraftThatWasChangedAfterSomebodySignedItIsRefused() throws Exception {
    CeremonyFile signed = sign(twoOfThree(), ANNA);
    Json.Obj other = TERMS.on(root(1, 1, ANNA, BEN, CAROL).toJson());
    assertRefused(
        Reason.BAD_SIGNATURE,
        "changed after anna signed it",
        () -> sound(new CeremonyFile(other, signed.signatures(), List.of(), Optional.empty())));
  }

  @Test
  void laterTimeToSignIsAChangeToo() throws Exception {
    CeremonyFile signed = sign(twoOfThree(), ANNA);
    CeremonyTerms later = new CeremonyTerms("pump", "main", false, SIGN_BY.plusSeconds(1));
    Json.Obj other = later.on(root(1, 2, ANNA, BEN, CAROL).toJson());
    assertRefused(
        Reason.BAD_SIGNATURE,
        "anna",
        () -> sound(new CeremonyFile(other, signed.signatures(), List.of(), Optional.empty())));
  }

  @Test
  void aSignatureOfSomebodyElseInTheFileIsRefused() {
    CeremonyFile file = twoOfThree();
    CeremonyFile signed = file.with(signature(file, EVE, EVE.listed()));
    assertRefused(Reason.UNKNOWN_KEY, "no holder's", () -> sound(signed));
  }

  @Test
  void anExpiredDraftIsRefused() throws Exception {
    Ceremony ceremony = Ceremony.of(twoOfThree());
    ceremony.requireSound(SIGN_BY.minusSeconds(1));
    assertRefused(Reason.METADATA_EXPIRED, "time to sign", () -> ceremony.requireSound(SIGN_BY));
  }

  @Test
  void aRootThatExpiresBeforeTheTimeToSignEndsIsRefused() {
    Root root = root(1, 2, ANNA, BEN, CAROL);
    Root brief = new Root(1, SIGN_BY, true, root.keys(), root.roles());
    assertRefused(Reason.METADATA_EXPIRED, "expires before", () -> sound(first(brief)));
  }

  @Test
  void aGapInTheVersionsIsRefused() throws Exception {
    CeremonyFile before = sign(sign(twoOfThree(), ANNA), BEN);
    for (long version : new long[] {1, 3}) {
      assertRefused(
          Reason.METADATA_VERSION_MISMATCH,
          "root version",
          () -> sound(after(before, root(version, 2, ANNA, BEN, CAROL))));
    }
    assertRefused(
        Reason.METADATA_VERSION_MISMATCH,
        "root version",
        () -> sound(first(root(2, 2, ANNA, BEN, CAROL))));
  }

  @Test
  void aThresholdThatCanNeverBeMetIsRefused() {
    assertRefused(
        Reason.BELOW_THRESHOLD, "than there are keys", () -> sound(first(root(1, 3, ANNA, BEN))));
  }

  @Test
  void aLineageOfBothKindsWithoutAPostQuantumHolderIsRefused() {
    Json.Obj root = root(1, 2, ANNA, BEN, CAROL).toJson();
    assertRefused(
        Reason.BELOW_THRESHOLD,
        "post-quantum",
        () -> sound(CeremonyFile.draft(BOTH_KINDS.on(root), List.of(), Optional.empty())));
  }

  @Test
  void aThresholdBelowOneOfEachKindIsRefused() throws Exception {
    Json.Obj one = root(1, 1, ANNA, BEN, DORA).toJson();
    assertRefused(
        Reason.BELOW_THRESHOLD,
        "each kind",
        () -> sound(CeremonyFile.draft(BOTH_KINDS.on(one), List.of(), Optional.empty())));
    Json.Obj two = root(1, 2, ANNA, BEN, DORA).toJson();
    sound(CeremonyFile.draft(BOTH_KINDS.on(two), List.of(), Optional.empty()));
  }

  @Test
  void twoClassicalSignaturesAreNotEnoughWhereBothKindsAreDemanded() throws Exception {
    Json.Obj root = root(1, 2, ANNA, BEN, DORA).toJson();
    CeremonyFile file = CeremonyFile.draft(BOTH_KINDS.on(root), List.of(), Optional.empty());
    CeremonyFile classical = sign(sign(file, ANNA), BEN);
    assertRefused(Reason.BELOW_THRESHOLD, "post-quantum", () -> complete(classical));
    complete(sign(sign(file, ANNA), DORA));
  }

  @Test
  void aRootAfterThatOfAnotherLineageIsRefused() throws Exception {
    CeremonyFile before = sign(sign(twoOfThree(), ANNA), BEN);
    CeremonyTerms other = new CeremonyTerms("valve", "main", false, SIGN_BY);
    assertRefused(
        Reason.WRONG_PRODUCT,
        "another lineage",
        () -> sound(after(before, other, root(2, 2, ANNA, BEN, CAROL))));
  }

  @Test
  void aLineageDoesNotLoseItsPostQuantumSignatures() throws Exception {
    Json.Obj root = root(1, 2, ANNA, BEN, DORA).toJson();
    CeremonyFile before = CeremonyFile.draft(BOTH_KINDS.on(root), List.of(), Optional.empty());
    assertRefused(
        Reason.BELOW_THRESHOLD,
        "demands post-quantum",
        () -> sound(after(before, TERMS, root(2, 2, ANNA, BEN, CAROL))));
  }

  @Test
  void oneKeyWithTwoHoldersIsRefused() {
    TufKey twin = TufKey.of(ANNA.key().key(), "twin");
    assertRefused(
        Reason.MALFORMED, "two holders", () -> sound(first(withRootKeys(ANNA.listed(), twin))));
  }

  @Test
  void aHolderOfTwoKeysIsRefused() {
    TufKey second = TufKey.of(EVE.key().key(), "anna");
    assertRefused(
        Reason.MALFORMED,
        "anna holds two keys",
        () -> sound(first(withRootKeys(ANNA.listed(), second))));
  }

  private static Root withRootKeys(TufKey... rootKeys) {
    Root root = root(1, 2, ANNA, BEN, CAROL);
    Map<String, TufKey> keys = new LinkedHashMap<>(root.keys());
    keys.putAll(TufKey.byId(List.of(rootKeys)));
    Map<String, RoleKeys> roles = new LinkedHashMap<>(root.roles());
    roles.put(Metadata.ROOT, RoleKeys.of(2, rootKeys));
    return new Root(1, EXPIRES, true, keys, roles);
  }

  @Test
  void aRoleWithoutItsKeyIsRefused() {
    Root root = root(1, 2, ANNA, BEN, CAROL);
    Map<String, TufKey> keys = new LinkedHashMap<>(root.keys());
    keys.remove(BEN.listed().keyId());
    assertRefused(
        Reason.KEYID_MISMATCH,
        "not there",
        () -> sound(first(new Root(1, EXPIRES, true, keys, root.roles()))));
  }

  @Test
  void aRootWithoutConsistentSnapshotsIsRefused() {
    Root root = root(1, 2, ANNA, BEN, CAROL);
    assertRefused(
        Reason.MALFORMED,
        "consistent_snapshot",
        () -> sound(first(new Root(1, EXPIRES, false, root.keys(), root.roles()))));
  }

  @Test
  void metadataWithoutTermsIsRefused() {
    Json.Obj bare = root(1, 2, ANNA, BEN, CAROL).toJson();
    assertRefused(
        Reason.MALFORMED,
        "x-ota-ceremony",
        () -> sound(CeremonyFile.draft(bare, List.of(), Optional.empty())));
  }

  @Test
  void nobodySignsATimestampInACeremony() {
    Json.Obj timestamp =
        Json.object().put("_type", "timestamp").put("version", 1).put("expires", EXPIRES).build();
    assertRefused(
        Reason.METADATA_WRONG_ROLE,
        "root or a targets role",
        () -> sound(CeremonyFile.draft(TERMS.on(timestamp), List.of(), Optional.empty())));
  }

  private static CeremonyFile targets(long version, List<Bytes> roots, Optional<Bytes> before) {
    Targets targets =
        Targets.of(version, EXPIRES, List.of()).with(Delegations.of(List.of(), List.of()));
    return CeremonyFile.draft(TERMS.on(targets.toJson()), roots, before);
  }

  @Test
  void holdersOfTheTargetsKeysSignATargetsRole() throws Exception {
    Bytes root = Bytes.copyOf(sign(sign(twoOfThree(), ANNA), BEN).published());
    CeremonyFile file = targets(1, List.of(root), Optional.empty());
    sound(file);
    CeremonyFile one = sign(file, CAROL);
    assertRefused(Reason.BELOW_THRESHOLD, "targets keys of root version 1", () -> complete(one));
    complete(sign(one, ANNA));
  }

  @Test
  void aTargetsRoleThatIsNotNewerIsRefused() throws Exception {
    Bytes root = Bytes.copyOf(sign(sign(twoOfThree(), ANNA), BEN).published());
    Bytes before = Bytes.copyOf(targets(4, List.of(), Optional.empty()).published());
    sound(targets(5, List.of(root), Optional.of(before)));
    assertRefused(
        Reason.METADATA_VERSION_MISMATCH,
        "targets version",
        () -> sound(targets(4, List.of(root), Optional.of(before))));
  }

  @Test
  void aTargetsRoleWithoutTheRootOfItsHoldersIsRefused() {
    assertRefused(
        Reason.METADATA_MISSING, "root", () -> sound(targets(1, List.of(), Optional.empty())));
  }

  @Test
  void aFileOverItsLimitIsRefused() {
    Json.Obj large = Json.object().put("x", "y".repeat(CeremonyFile.MAX_SIGNED_BYTES)).build();
    CeremonyFile file = CeremonyFile.draft(large, List.of(), Optional.empty());
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        "bytes to publish",
        () -> CeremonyFile.read(file.toJson().textBytes()));
  }
}
