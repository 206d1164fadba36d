package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.TufLimits.Counts;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each limit set as low as it still does, and one lower. */
class TufLimitsTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestKey one = key("one");
  private final TestKey two = key("two");

  private static TufLimits limits(
      int signatures, int roleKeys, int delegations, int patterns, int nameBytes) {
    return TufLimits.COMMON.withCounts(
        new Counts(signatures, roleKeys, delegations, patterns, nameBytes));
  }

  private void assertEnoughAndTooFew(TufLimits enough, TufLimits tooFew, Reason reason)
      throws Exception {
    assertEnoughAndTooFew(enough, tooFew, reason, "targets");
  }

  private void assertEnoughAndTooFew(
      TufLimits enough, TufLimits tooFew, Reason reason, String refused) throws Exception {
    new TestClient(repository).limits(enough).refresh();
    new TestClient(repository).limits(tooFew).assertRefused(reason, refused);
  }

  @Test
  void signaturesAreCounted() throws Exception {
    repository.keys("timestamp", 1, one, two).publishRoot();
    repository.publishTimestamp();
    assertEnoughAndTooFew(
        limits(2, 2, 1, 1, 100), limits(1, 2, 1, 1, 100), Reason.LIMIT_EXCEEDED, "timestamp");
  }

  @Test
  void keysOfARoleAreCounted() throws Exception {
    repository.delegate(
        "targets",
        List.of(one, two),
        new DelegatedRole(
            "a",
            RoleKeys.of(1, TufKey.of(one.key()), TufKey.of(two.key())),
            TrustedPaths.matching("*"),
            false));
    repository.publish();
    assertEnoughAndTooFew(limits(9, 2, 9, 9, 99), limits(9, 1, 9, 9, 99), Reason.LIMIT_EXCEEDED);
  }

  @Test
  void delegationsAreCounted() throws Exception {
    DelegatedRole a = RepositorySimulator.role("a", one, "*");
    DelegatedRole b = RepositorySimulator.role("b", one, "*");
    repository.delegate("targets", List.of(one), a, b).publish();
    assertEnoughAndTooFew(limits(9, 9, 2, 9, 99), limits(9, 9, 1, 9, 99), Reason.LIMIT_EXCEEDED);
  }

  @Test
  void patternsAreCounted() throws Exception {
    repository.delegate("targets", "a", one, "x/*", "y/*").publish();
    assertEnoughAndTooFew(limits(9, 9, 9, 2, 99), limits(9, 9, 9, 1, 99), Reason.LIMIT_EXCEEDED);
  }

  @Test
  void hashPrefixesAreCounted() throws Exception {
    TrustedPaths paths = new TrustedPaths.HashPrefixes(List.of("00", "01"));
    RoleKeys keys = RoleKeys.of(1, TufKey.of(one.key()));
    repository.delegate("targets", List.of(one), new DelegatedRole("a", keys, paths, false));
    repository.publish();
    assertEnoughAndTooFew(limits(9, 9, 9, 2, 99), limits(9, 9, 9, 1, 99), Reason.LIMIT_EXCEEDED);
  }

  @Test
  void namesAreMeasuredAsTheyAreEncoded() throws Exception {
    repository.delegate("targets", "a/b", one, "*").publish();
    assertEnoughAndTooFew(limits(9, 9, 9, 9, 5), limits(9, 9, 9, 9, 4), Reason.MALFORMED);
  }

  @Test
  void theLongestNameOfABinIsMeasured() throws Exception {
    SuccinctRoles bins = new SuccinctRoles(RoleKeys.of(1, TufKey.of(one.key())), 1, "b");
    repository.delegate("targets", List.of(one), bins).publish();
    assertEnoughAndTooFew(limits(9, 9, 9, 9, 10), limits(9, 9, 9, 9, 9), Reason.MALFORMED);
  }

  @Test
  void theFirstRootIsReadUnderTheClientsLimits() {
    repository.keys("root", 1, one, two).publishRoot();
    byte[] root = repository.latest("root");
    MemoryStore store = new MemoryStore();
    TestClient.assertRefused(
        Reason.LIMIT_EXCEEDED,
        () -> Updater.trustRoot(store, root, Digest.of(root), limits(9, 1, 9, 9, 99)));
    TestClient.assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            Updater.trustRoot(
                store, root, Digest.of(root), TufLimits.COMMON.withRootBytes(root.length - 1)));
  }

  @Test
  void aLimitBelowOneIsNotTaken() {
    for (int i = 0; i < 5; i++) {
      int[] n = {1, 1, 1, 1, 1};
      n[i] = 0;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Counts(n[0], n[1], n[2], n[3], n[4]));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new Counts(1, 1, 1, 1, 201));
    assertThat(new Counts(1, 1, 1, 1, 200).nameBytes()).isEqualTo(200);
  }
}
