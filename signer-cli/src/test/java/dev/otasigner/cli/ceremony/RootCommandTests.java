package dev.otasigner.cli.ceremony;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.JsonText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootCommandTests {
  @TempDir Path directory = Path.of("");

  @SuppressWarnings("NullAway.Init") // by aRoom()
  private CeremonyRoom room;

  @BeforeEach
  void aRoom() {
    room = new CeremonyRoom(directory);
  }

  private void draft() {
    room.write("plan.yaml", room.plan(2, "anna", "ben", "carol"));
    room.done("root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void twoOfThreeHoldersSignTheFirstRootWithoutAService() {
    draft();
    assertThat(room.out)
        .contains("lineage       pump/main")
        .contains("what          root version 1")
        .contains("it is the first root")
        .contains("2 of 3 must sign")
        .contains("  carol  rsa-pss-2048-sha256 key")
        .contains("not complete");
    room.sign("root.json", "anna");
    assertThat(room.out).contains("not complete");
    room.sign("root.json", "carol");
    assertThat(room.out).contains("enough have signed: signer root publish root.json");
    room.done("root", "show", "root.json");
    assertThat(room.out).contains("2 of 2 by root keys of root version 1: anna, carol");
  }

  @Test
  void aRotationSaysInPlainWordsWhatChanges() {
    room.first();
    String next = room.plan(3, "anna", "ben", "carol").replace("carol", "dora");
    room.write("next.yaml", next.replace(room.pem("carol", "    "), room.pem("dora", "    ")));
    room.done("root", "rotate", "next.yaml", "--from", "root.json", "-o", "next.json");
    assertThat(room.out)
        .contains("replaces      root version 1, SHA-256 ")
        .contains("root          3 of 3 (before: 2 of 3) must sign")
        .containsPattern("  dora  \\S+ key [0-9a-f]{16}  NEW")
        .containsPattern("  carol  LEAVES, with rsa-pss-2048-sha256 key [0-9a-f]{16}")
        .contains("0 of 2 by root keys of root version 1")
        .contains("0 of 3 by root keys of root version 2");
    assertThat(room.out).doesNotContain("devices forget");
  }

  @Test
  void aReplacedKeyAndAReplacedOnlineKeyAreNamed() {
    room.first();
    String plan = room.plan(2, "anna", "ben", "carol");
    String next =
        plan.replace(room.pem("ben", "    "), room.pem("dora", "    "))
            .replace(room.pem("service", "      "), room.pem("ben", "      "));
    room.write("next.yaml", next);
    room.done("root", "rotate", "next.yaml", "--from", "root.json", "-o", "next.json");
    assertThat(room.out)
        .containsPattern("  ben  \\S+ key [0-9a-f]{16}  REPLACES \\S+ key [0-9a-f]{16}")
        .contains("devices forget the timestamp and snapshot they hold");
  }

  @Test
  void jsonIsAPlanToo() throws Exception {
    draft();
    String yaml = room.plan(2, "anna", "ben", "carol");
    room.write("again.json", JsonText.of(PlanText.read(yaml.getBytes(StandardCharsets.UTF_8))));
    room.done("root", "init", "again.json", "-o", "again-root.json");
    assertThat(room.out).contains("root version 1");
  }

  @Test
  void theReviewedPlanIsWhatIsSigned() {
    draft();
    room.done("root", "sign", "root.json", "--key", "anna.pem", "--plan", "plan.yaml", "--yes");
  }

  @Test
  void aDraftThatSaysAnythingElseThanTheReviewedPlanIsRefused() {
    draft();
    room.write("plan.yaml", room.read("plan.yaml").replaceFirst("threshold: 2", "threshold: 1"));
    room.refused(
        "is not what plan.yaml asks for",
        "root",
        "sign",
        "root.json",
        "--key",
        "anna.pem",
        "--plan",
        "plan.yaml",
        "--yes");
    assertThat(room.read("root.json")).doesNotContain("keyid\":");
  }

  @Test
  void whoDoesNotSayYesSignsNothing() {
    draft();
    String before = room.read("root.json");
    assertThat(room.run("no", "root", "sign", "root.json", "--key", "anna.pem")).isEqualTo(1);
    assertThat(room.err).contains("not confirmed");
    assertThat(room.run(null, "root", "sign", "root.json", "--key", "anna.pem")).isEqualTo(2);
    assertThat(room.read("root.json")).isEqualTo(before);
    assertThat(room.run("yes", "root", "sign", "root.json", "--key", "anna.pem")).isZero();
  }

  @Test
  void aKeyThatIsNoHoldersSignsNothing() {
    draft();
    String before = room.read("root.json");
    room.refused(
        "is no holder's; holders are anna, ben, carol",
        "root",
        "sign",
        "root.json",
        "--key",
        "dora.pem",
        "--yes");
    assertThat(room.read("root.json")).isEqualTo(before);
  }

  @Test
  void nobodySignsTwice() {
    draft();
    room.sign("root.json", "anna");
    String before = room.read("root.json");
    room.refused(
        "anna has signed already", "root", "sign", "root.json", "--key", "anna.pem", "--yes");
    assertThat(room.read("root.json")).isEqualTo(before);
  }

  @Test
  void aDraftThatWasChangedAfterSomebodySignedItIsRefused() {
    draft();
    room.sign("root.json", "anna");
    room.write(
        "root.json", room.read("root.json").replaceFirst("\"threshold\": 2", "\"threshold\": 1"));
    room.refused(
        "changed after anna signed it", "root", "sign", "root.json", "--key", "ben.pem", "--yes");
    room.refused("changed after anna signed it", "root", "show", "root.json");
  }

  @Test
  void aPlanWhoseTimeHasPassedMakesNoDraft() {
    String plan = room.plan(2, "anna", "ben", "carol");
    room.write("plan.yaml", plan.replaceFirst("signBy: \\S+", "signBy: 2026-01-01T00:00:00Z"));
    room.refused("time to sign", "root", "init", "plan.yaml", "-o", "root.json");
    assertThat(directory.resolve("root.json")).doesNotExist();
  }

  @Test
  void aPlanWhoseThresholdCanNeverBeMetMakesNoDraft() {
    room.write("plan.yaml", room.plan(4, "anna", "ben", "carol"));
    room.refused("than there are keys", "root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void aPlanWithoutTheKindsThatItsLineageDemandsMakesNoDraft() {
    room.write("plan.yaml", room.plan(2, "anna", "ben", "carol") + "postQuantum: true\n");
    room.refused("post-quantum", "root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void aPlanForAnotherLineageThanTheRootsMakesNoDraft() {
    room.first();
    room.write("next.yaml", room.read("plan.yaml").replaceFirst("product: pump", "product: valve"));
    room.refused(
        "another lineage", "root", "rotate", "next.yaml", "--from", "root.json", "-o", "n.json");
  }

  @Test
  void aDraftIsNotOverwritten() {
    draft();
    assertThat(room.run(null, "root", "init", "plan.yaml", "-o", "root.json")).isEqualTo(2);
    assertThat(room.err).contains("root.json: exists");
  }

  @Test
  void aHolderWhoIsNamedNowhereIsRefused() {
    room.write(
        "plan.yaml",
        room.plan(2, "anna", "ben", "carol").replace("[anna, ben, carol]", "[anna, bert]"));
    room.refused("no key of a holder 'bert'", "root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void aMisspeltMemberOfAPlanIsRefused() {
    room.write("plan.yaml", room.plan(2, "anna", "ben", "carol") + "expire: 2099-01-01\n");
    room.refused("no plan has such a member", "root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void aPrivateKeyInAPlanIsRefused() {
    room.write(
        "plan.yaml",
        room.plan(2, "anna", "ben", "carol").replace("BEGIN PUBLIC KEY", "BEGIN PRIVATE KEY"));
    room.refused("one PUBLIC KEY block", "root", "init", "plan.yaml", "-o", "root.json");
  }

  @Test
  void withJsonOneDocumentTellsWhoHasSigned() throws Exception {
    draft();
    room.done("root", "sign", "root.json", "--key", "ben.pem", "--yes", "--json");
    assertThat(room.out).contains("\"complete\": false").contains("\"ben\"");
    assertThat(room.run("yes", "root", "sign", "root.json", "--key", "anna.pem", "--json"))
        .isEqualTo(2);
  }
}
