package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.Voters;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a ceremony's file would change, in plain words, worked out from what is signed alone. */
final class CeremonyText {
  private final List<String> lines = new ArrayList<>();

  private CeremonyText() {}

  /**
   * For people.
   *
   * @param compared where what is in force now was taken from
   */
  static void print(Report report, CeremonyFile file, Ceremony ceremony, String compared) {
    CeremonyText text = new CeremonyText();
    text.head(file, ceremony, compared);
    Optional<Root> root = ceremony.nextRoot();
    if (root.isPresent()) {
      text.root(root.get(), ceremony.presentRoot());
    } else {
      text.targets((Targets) ceremony.metadata(), ceremony.before());
    }
    text.signatures(ceremony);
    text.lines.forEach(report::line);
  }

  private void head(CeremonyFile file, Ceremony ceremony, String compared) {
    Metadata signed = ceremony.metadata();
    add("lineage", ceremony.terms().product() + "/" + ceremony.terms().lineage());
    add("what", ceremony.role() + " version " + signed.version());
    if (ceremony.nextRoot().isPresent()) {
      add("replaces", replaces(file, ceremony));
    } else {
      String before =
          ceremony.before().map(t -> "targets version " + t.version()).orElse("nothing");
      add("replaces", before);
    }
    add("compared with", compared);
    add("fingerprint", ceremony.fingerprint().hex());
    add("sign by", ceremony.terms().signBy().toString());
    Optional<Instant> expired =
        ceremony.nextRoot().isPresent()
            ? ceremony.presentRoot().map(Metadata::expires)
            : ceremony.before().map(Metadata::expires);
    add(
        "demands",
        ceremony.terms().postQuantum()
            ? "a classical and a post-quantum signature of root and targets"
            : "classical signatures; no post-quantum one");
    add("expires", before(signed.expires().toString(), expired.map(Instant::toString)));
  }

  private static String replaces(CeremonyFile file, Ceremony ceremony) {
    return ceremony
        .presentRoot()
        .map(
            root ->
                "root version "
                    + root.version()
                    + ", SHA-256 "
                    + Digest.of(file.roots().get(0)).hex())
        .orElse("nothing: it is the first root, and devices will have it baked in");
  }

  private void root(Root next, Optional<Root> before) {
    for (String role : List.of(Metadata.ROOT, Metadata.TARGETS)) {
      role(role, next, before);
    }
    for (String role : List.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP)) {
      role(role, next, before);
      if (before.isPresent()
          && !next.roleKeys(role).keyIds().containsAll(before.get().roleKeys(role).keyIds())) {
        lines.add(
            "  devices forget the timestamp and snapshot they hold: a thief of the old key may have"
                + " pushed their versions ahead");
      }
    }
  }

  private void role(String role, Root next, Optional<Root> before) {
    String now = threshold(next, role);
    add(role, before(now, before.map(root -> threshold(root, role))) + " must sign");
    Map<String, TufKey> were = byName(before, role);
    for (TufKey key : keys(next, role)) {
      TufKey was = were.remove(Voters.name(key));
      String change = "";
      if (before.isPresent()) {
        change = was == null ? "  NEW" : sameKey(was, key) ? "" : "  REPLACES " + describe(was);
      }
      lines.add("  " + Voters.name(key) + "  " + describe(key) + change);
    }
    were.values()
        .forEach(gone -> lines.add("  " + Voters.name(gone) + "  LEAVES, with " + describe(gone)));
  }

  private static Map<String, TufKey> byName(Optional<Root> root, String role) {
    Map<String, TufKey> keys = new LinkedHashMap<>();
    root.ifPresent(r -> keys(r, role).forEach(key -> keys.put(Voters.name(key), key)));
    return keys;
  }

  private static List<TufKey> keys(Root root, String role) {
    return new Voters("", root, role).keys();
  }

  private static String threshold(Root root, String role) {
    return root.roleKeys(role).threshold() + " of " + root.roleKeys(role).keyIds().size();
  }

  private static boolean sameKey(TufKey a, TufKey b) {
    return a.verificationKey().equals(b.verificationKey());
  }

  /** Suite and the beginning of the digest of the public key, as {@code signer keygen} shows it. */
  private static String describe(TufKey key) {
    return key.verificationKey().map(CeremonyText::describe).orElse("a key that nobody can check");
  }

  static String describe(VerificationKey key) {
    return key.suite().code() + " key " + key.keyId().hex().substring(0, 16);
  }

  private void targets(Targets next, Optional<Targets> before) {
    Map<String, DelegatedRole> were = new LinkedHashMap<>();
    before
        .flatMap(Targets::delegations)
        .ifPresent(to -> to.roles().forEach(role -> were.put(role.name(), role)));
    Optional<Delegations> to = next.delegations();
    add("delegates to", to.map(d -> d.roles().size()).orElse(0) + " roles, of which change");
    for (DelegatedRole role : to.map(Delegations::roles).orElse(List.of())) {
      DelegatedRole was = were.remove(role.name());
      if (!role.equals(was)) {
        lines.add("  " + role.name() + (was == null ? "  NEW" : "  CHANGED"));
        delegated(role, Optional.ofNullable(was));
        for (String id : role.roleKeys().keyIds()) {
          Optional.ofNullable(to.orElseThrow().keys().get(id))
              .ifPresent(key -> lines.add("    " + describe(key)));
        }
      }
    }
    if (to.flatMap(Delegations::succinct).isPresent()) {
      lines.add("  hash bins, which no service takes in");
    }
    were.keySet().forEach(gone -> lines.add("  " + gone + "  LEAVES"));
    next.targets().keySet().forEach(path -> lines.add("  lists the file " + path));
  }

  private void delegated(DelegatedRole role, Optional<DelegatedRole> was) {
    String paths = paths(role.paths());
    lines.add("    speaks for " + before(paths, was.map(r -> paths(r.paths()))));
    String threshold = threshold(role);
    lines.add(
        "    " + before(threshold, was.map(CeremonyText::threshold)) + " of these keys must sign");
    String terminating = terminating(role);
    lines.add("    " + before(terminating, was.map(CeremonyText::terminating)));
  }

  private static String paths(TrustedPaths paths) {
    return paths instanceof TrustedPaths.Patterns patterns
        ? String.join(", ", patterns.patterns())
        : "paths by their hash, " + paths;
  }

  private static String threshold(DelegatedRole role) {
    return role.roleKeys().threshold() + " of " + role.roleKeys().keyIds().size();
  }

  private static String terminating(DelegatedRole role) {
    return role.terminating()
        ? "terminating: nobody after it is asked for these paths"
        : "not terminating: roles after it are asked for these paths too";
  }

  private void signatures(Ceremony ceremony) {
    for (Voters group : ceremony.voters()) {
      List<String> signed = ceremony.signed(group);
      add(
          "signed",
          signed.size()
              + " of "
              + group.roleKeys().threshold()
              + " by "
              + group.title()
              + (signed.isEmpty() ? "" : ": " + String.join(", ", signed)));
    }
  }

  private static String before(String now, Optional<String> was) {
    return was.filter(w -> !w.equals(now)).map(w -> now + " (before: " + w + ")").orElse(now);
  }

  private void add(String what, String value) {
    lines.add(what + " ".repeat(Math.max(1, 14 - what.length())) + value);
  }
}
