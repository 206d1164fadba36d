package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static dev.otasigner.verifier.tuf.RepositorySimulator.role;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** TUF 4.5 and TAP 15: which paths a role is trusted with. */
class TrustedPathsTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  @Test
  void aRoleHasEitherPathsOrHashPrefixes() throws Exception {
    repository.delegate("targets", "a", key("a"), "*").publish();
    Json.Obj role =
        Json.object()
            .put("name", "a")
            .put("keyids", Json.strings(List.of()))
            .put("threshold", 1)
            .put("terminating", false)
            .put("paths", Json.strings(List.of("*")))
            .put("path_hash_prefixes", Json.strings(List.of("00")))
            .build();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, "targets"),
            "delegations",
            to ->
                Json.object()
                    .put("keys", to.members().get("keys"))
                    .put("roles", List.of(role))
                    .build());
    Tampering.put(
        repository, "metadata/2.targets.json", signed, Tampering.signature(key("targets"), signed));
    client.assertRefused(Reason.MALFORMED, "targets");
  }

  @Test
  void aRoleMayBeTrustedByHashPrefixes() throws Exception {
    String prefix = TrustedPaths.hashOf("t").hex().substring(0, 3);
    TestKey key = key("bin");
    repository.delegate(
        "targets",
        List.of(key),
        new DelegatedRole(
            "bin",
            RoleKeys.of(1, TufKey.of(key.key())),
            new TrustedPaths.HashPrefixes(List.of("zz", prefix)),
            false));
    TargetFile target = repository.add("bin", "t", "content");
    repository.add("bin", "elsewhere", "content");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.find("elsewhere")).isEmpty();
    assertThat(updater.find("t")).hasValue(target);
  }

  // SHA-256("t") begins with e3, so of 2^5 bins "t" lies in bin 0b11100 = 1c.
  @Test
  void succinctRolesFindTheBinOfAPath() throws Exception {
    TestKey key = key("bins");
    SuccinctRoles bins = new SuccinctRoles(RoleKeys.of(1, TufKey.of(key.key())), 5, "bin");
    repository.delegate("targets", List.of(key), bins);
    for (long bin = 0; bin < bins.bins(); bin++) {
      repository.list(bins.nameOf(bin), TargetFile.of("filler-" + bin, new byte[] {1}));
      repository.signedBy(bins.nameOf(bin), key);
    }
    TargetFile target = repository.add("bin-1c", "t", "content");
    repository.publish();
    assertThat(client.refresh().find("t")).hasValue(target);
    assertThat(repository.requests()).endsWith("metadata/1.bin-1c.json");
  }

  @Test
  void aBinCannotSpeakForThePathsOfAnother() throws Exception {
    TestKey key = key("bins");
    SuccinctRoles bins = new SuccinctRoles(RoleKeys.of(1, TufKey.of(key.key())), 1, "bin");
    repository.delegate("targets", List.of(key), bins);
    repository.signedBy("bin-0", key).signedBy("bin-1", key);
    repository.add("bin-0", "t", "content");
    repository.list("bin-1", TargetFile.of("filler", new byte[] {1}));
    repository.publish();
    assertThat(client.refresh().find("t")).isEmpty();
  }

  @Test
  void binNamesHaveAsManyDigitsAsTheLastBin() {
    RoleKeys keys = new RoleKeys(List.of("k"), 1);
    assertThat(new SuccinctRoles(keys, 1, "b").nameOf(1)).isEqualTo("b-1");
    assertThat(new SuccinctRoles(keys, 4, "b").nameOf(15)).isEqualTo("b-f");
    assertThat(new SuccinctRoles(keys, 5, "b").nameOf(1)).isEqualTo("b-01");
    assertThat(new SuccinctRoles(keys, 32, "b").nameOf(255)).isEqualTo("b-000000ff");
    assertThat(new SuccinctRoles(keys, 32, "b").roleFor("t").name())
        .isEqualTo("b-" + TrustedPaths.hashOf("t").hex().substring(0, 8));
  }

  /** 64 characters, and three times three of them in a file name for each. */
  @Test
  void aBinPrefixThatMakesNoFileNameIsRefused() throws Exception {
    SuccinctRoles bins = new SuccinctRoles(new RoleKeys(List.of("k"), 1), 1, "bin");
    repository.delegate("targets", List.of(key("bins")), bins).publish();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, "targets"),
            "delegations",
            to ->
                Tampering.with(
                    to,
                    "succinct_roles",
                    s -> Tampering.with(s, "name_prefix", p -> new Json.Str("\u20ac".repeat(64)))));
    Tampering.put(
        repository, "metadata/2.targets.json", signed, Tampering.signature(key("targets"), signed));
    client.assertRefused(Reason.MALFORMED, "targets");
  }

  @Test
  void rolesAndSuccinctRolesExcludeEachOther() throws Exception {
    repository.delegate("targets", "a", key("a"), "*").publish();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, "targets"),
            "delegations",
            to -> Tampering.with(to, "succinct_roles", none -> Json.object().build()));
    Tampering.put(
        repository, "metadata/2.targets.json", signed, Tampering.signature(key("targets"), signed));
    client.assertRefused(Reason.MALFORMED, "targets");
  }

  @Test
  void patternsStayWithinAPart() {
    List<String> matching = new ArrayList<>();
    String[][] cases = {
      {"targets/*.tgz", "targets/foo.tgz"},
      {"targets/*.tgz", "targets/foo.txt"},
      {"foo-version-?.tgz", "foo-version-a.tgz"},
      {"foo-version-?.tgz", "foo-version-alpha.tgz"},
      {"*.tgz", "targets/foo.tgz"},
      {"*", "a"},
      {"*", "a/b"},
      {"a/*/c", "a/b/c"},
      {"a/*/c", "a/b/b/c"},
      {"a?c", "a/c"},
      {"*a*b*", "xxaxxbxx"},
      {"*a*b*", "xxbxxaxx"},
      {"[ab]", "a"},
      {"A", "a"},
      {"", ""},
      {"a*", "a"},
      {"a", "ba"},
      {"a", "a\0"},
      {"a\0", "a"},
    };
    for (String[] c : cases) {
      if (PathPattern.matches(c[0], c[1])) {
        matching.add(c[0] + " " + c[1]);
      }
    }
    assertThat(matching)
        .containsExactly(
            "targets/*.tgz targets/foo.tgz",
            "foo-version-?.tgz foo-version-a.tgz",
            "* a",
            "a/*/c a/b/c",
            "*a*b* xxaxxbxx",
            " ",
            "a* a");
  }

  @Test
  void noCharacterOfAPathEndsAPattern() {
    assertThat(PathPattern.matches("*", "\0")).isTrue();
    assertThat(PathPattern.matches("a", "a\0")).isFalse();
  }

  /** Python's clients count so too: a delegator must not be understood in two ways. */
  @Test
  void aQuestionMarkIsOneLetterWhateverItTakesInUtf16() {
    assertThat(PathPattern.matches("a?b", "a\ud83d\ude00b")).isTrue();
    assertThat(PathPattern.matches("a??b", "a\ud83d\ude00b")).isFalse();
    assertThat(PathPattern.matches("\ud83d\ude00*", "\ud83d\ude01")).isFalse();
  }

  @Test
  void aPatternOfManyStarsCostsNoMoreThanOthers() {
    String pattern = "*a".repeat(200) + "b";
    assertThat(PathPattern.matches(pattern, "a".repeat(5_000))).isFalse();
  }
}
