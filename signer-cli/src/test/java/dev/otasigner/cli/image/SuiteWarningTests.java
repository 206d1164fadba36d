package dev.otasigner.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code signer inspect} and {@code signer verify} say that a suite's time is over. */
class SuiteWarningTests {
  private static final String RSA = TestFleet.OLD_IMAGE_KEY.suite().code();
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519, "manifest");

  @TempDir Path desk = Path.of("");

  private record Outcome(int status, String out, String err) {}

  @BeforeEach
  void write() throws Exception {
    TestProfile profile = TestProfile.any(ED);
    Made build = TestBuild.of("34.0").profile(profile).manifestBy(ED).make();
    Files.write(desk.resolve("image.bin"), build.image("main"));
    Files.write(desk.resolve("image.dsse"), build.envelope().toByteArray());
    VerificationKey key = TestFleet.OLD_IMAGE_KEY.key();
    Files.writeString(
        desk.resolve("old.pem"),
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(key.spki().toByteArray())
            + "\n-----END PUBLIC KEY-----\n");
    Map<String, Json> members =
        new LinkedHashMap<>(
            TestFleet.device(TestFleet.factoryBootloader(), profile.read()).toJson().members());
    members.put("runningProfile", JsonReader.read(profile.bytes(), 1 << 20));
    Files.write(desk.resolve("state.json"), new Json.Obj(members).textBytes());
  }

  private Outcome signer(String command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            desk,
            Map.of("SIGNER_HOME", "home"),
            question -> null);
    int status = CommandLines.run(terminal, command.split(" ", -1));
    return new Outcome(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void withinItsTimeNoSuiteIsWarnedOf() {
    for (String command :
        new String[] {
          "inspect image.bin",
          "verify image.bin --trust old.pem",
          "verify image.bin --device state.json --manifest image.dsse"
        }) {
      Outcome outcome = signer(command + " --at 2030-12-31T23:59:59Z");
      assertThat(outcome.status()).as(outcome.err()).isZero();
      assertThat(outcome.err()).isEmpty();
      assertThat(signer(command + " --json --at 2030-12-31T23:59:59Z").out())
          .doesNotContain("warnings");
    }
  }

  @Test
  void aDeprecatedSuiteIsWarnedOfAndTheImageStillAccepted() {
    for (String command : new String[] {"inspect image.bin", "verify image.bin --trust old.pem"}) {
      Outcome outcome = signer(command + " --at 2031-01-01T00:00:00Z");
      assertThat(outcome.status()).isZero();
      assertThat(outcome.err())
          .isEqualTo("warning: " + RSA + " is deprecated after 2030-12-31T23:59:59Z\n");
    }
  }

  @Test
  void aWarningIsAMemberOfTheDocumentAndOfNothingElse() {
    for (String command :
        new String[] {"inspect image.bin --json", "verify image.bin --trust old.pem --json"}) {
      Outcome outcome = signer(command + " --at 2031-01-01T00:00:00Z");
      assertThat(outcome.out())
          .contains("\"warnings\"")
          .contains("\"concern\": \"deprecated\"")
          .contains("\"suite\": \"" + RSA + "\"");
      assertThat(outcome.err()).isEmpty();
    }
  }

  @Test
  void aSuiteBelowTheStrengthAskedForIsWarnedOf() {
    assertThat(signer("verify image.bin --trust old.pem --rule all --min-strength 128").err())
        .contains("warning: " + RSA + " has 112 bits of strength, not 128 bits");
  }

  @Test
  void ofABuildTheManifestsSuitesAreLookedAtToo() {
    String command = "verify image.bin --device state.json --manifest image.dsse --at ";
    assertThat(signer(command + "2036-01-01T00:00:00Z").err())
        .isEqualTo(
            "warning: "
                + RSA
                + " is disallowed after 2035-12-31T23:59:59Z\n"
                + "warning: ed25519 is disallowed after 2035-12-31T23:59:59Z\n");
  }

  @Test
  void whatIsNoTimeIsAUsageError() {
    assertThat(signer("inspect image.bin --at tomorrow").status()).isEqualTo(2);
  }
}
