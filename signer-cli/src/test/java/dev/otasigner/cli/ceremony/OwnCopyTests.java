package dev.otasigner.cli.ceremony;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.JsonText;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.Delegations;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TrustedPaths;
import dev.otasigner.verifier.tuf.TufKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holders see of a draft, and whether what it is compared with is true. */
class OwnCopyTests {
  @TempDir Path directory = Path.of("");

  @SuppressWarnings("NullAway.Init") // by aRoom()
  private CeremonyRoom room;

  @BeforeEach
  void aRoom() {
    room = new CeremonyRoom(directory);
    room.first();
  }

  private void rotate() {
    room.write("next.yaml", room.plan(2, "anna", "ben", "dora"));
    room.done("root", "rotate", "next.yaml", "--from", "root.json", "-o", "next.json");
  }

  private CeremonyFile file(String name) throws RejectedException {
    return CeremonyFile.read(room.read(name).getBytes(StandardCharsets.UTF_8));
  }

  /** A first targets role, or the one after it. */
  private void targets(String paths, Optional<String> before) throws Exception {
    CeremonyFile root = file("root.json");
    CeremonyTerms terms = CeremonyTerms.read(root.signed());
    Root first = Ceremony.of(root).nextRoot().orElseThrow();
    String id = first.roleKeys(Metadata.SNAPSHOT).keyIds().get(0);
    TufKey online = first.keys().get(id);
    DelegatedRole role =
        new DelegatedRole(
            "stable.gw",
            new RoleKeys(List.of(id), 1),
            TrustedPaths.matching(paths),
            before.isEmpty());
    Targets next =
        Targets.of(before.isEmpty() ? 1 : 2, first.expires(), List.of())
            .with(Delegations.of(List.of(Objects.requireNonNull(online)), List.of(role)));
    Optional<Bytes> announced =
        before.isEmpty() ? Optional.empty() : Optional.of(bytes(file(before.get())));
    CeremonyFile draft =
        CeremonyFile.draft(terms.on(next.toJson()), List.of(bytes(root)), announced);
    room.write(
        before.isEmpty() ? "targets.json" : "next-targets.json", JsonText.of(draft.toJson()));
  }

  private static Bytes bytes(CeremonyFile file) {
    return Bytes.copyOf(file.published());
  }

  @Test
  void aDraftThatClaimsAnotherRootToBeInForceIsRefused() {
    rotate();
    room.write("other.yaml", room.plan(1, "anna", "ben", "carol"));
    room.done("root", "init", "other.yaml", "-o", "other.json");
    String why = "claims another root to be in force than other.json";
    room.refused(why, "root", "show", "next.json", "--from", "other.json");
    room.refused(
        why, "root", "sign", "next.json", "--key", "anna.pem", "--from", "other.json", "--yes");
    room.done("root", "sign", "next.json", "--key", "anna.pem", "--from", "root.json", "--yes");
  }

  @Test
  void aFirstRootWhereOneIsInForceIsRefused() {
    room.refused(
        "claims that no root is in force", "root", "show", "root.json", "--from", "root.json");
  }

  @Test
  void theTextSaysWhetherWhatItIsComparedWithWasVerified() {
    rotate();
    room.done("root", "show", "next.json");
    assertThat(room.out).contains("compared with what the file itself claims to be in force");
    room.done("root", "show", "next.json", "--from", "root.json");
    assertThat(room.out).contains("compared with your own copy of the root in force, root.json");
  }

  @Test
  void aTargetsRoleBeforeThatTooFewHoldersSignedIsRefused() throws Exception {
    targets("stable/gw/*", Optional.empty());
    room.sign("targets.json", "anna");
    targets("stable/gw/*", Optional.of("targets.json"));
    room.done("root", "show", "next-targets.json");
    room.refused(
        "the targets role that it claims to be announced",
        "root",
        "show",
        "next-targets.json",
        "--from",
        "root.json");
    room.sign("targets.json", "ben");
    targets("stable/gw/*", Optional.of("targets.json"));
    room.done("root", "show", "next-targets.json", "--from", "root.json");
  }

  @Test
  void aNewRoleIsShownWithWhatItSpeaksFor() throws Exception {
    targets("stable/gw/*", Optional.empty());
    room.done("root", "show", "targets.json");
    assertThat(room.out)
        .contains("  stable.gw  NEW")
        .contains("    speaks for stable/gw/*")
        .contains("    1 of 1 of these keys must sign")
        .contains("    terminating: nobody after it is asked for these paths")
        .contains("demands       classical signatures; no post-quantum one");
  }

  @Test
  void aChangedRoleIsShownWithWhatItSpokeForBefore() throws Exception {
    targets("stable/gw/*", Optional.empty());
    targets("*/gw/*", Optional.of("targets.json"));
    room.done("root", "show", "next-targets.json");
    assertThat(room.out)
        .contains("  stable.gw  CHANGED")
        .contains("    speaks for */gw/* (before: stable/gw/*)")
        .contains(
            "    not terminating: roles after it are asked for these paths too (before: term");
  }
}
