package dev.otasigner.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.DeviceState;
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
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code signer verify IMAGE --device STATE.json --manifest M.dsse}. */
class VerifyForDeviceTests {
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519, "manifest");

  @TempDir Path desk = Path.of("");

  private record Outcome(int status, String out, String err) {}

  /** The state as {@code signer device state --json} writes it. */
  @BeforeEach
  void writeState() throws Exception {
    DeviceState device = TestFleet.device();
    Map<String, Json> members = new LinkedHashMap<>(device.toJson().members());
    members.put("runningProfile", JsonReader.read(TestFleet.factoryProfile().bytes(), 1 << 20));
    Files.write(desk.resolve("state.json"), new Json.Obj(members).textBytes());
  }

  private void write(Made build) throws Exception {
    Files.write(desk.resolve("image.bin"), build.image("main"));
    Files.write(desk.resolve("image.dsse"), build.envelope().toByteArray());
  }

  private Outcome verify(String... more) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            desk,
            Map.of("SIGNER_HOME", "home"),
            question -> null);
    String[] command = {
      "verify", "image.bin", "--device", "state.json", "--manifest", "image.dsse"
    };
    String[] all = new String[command.length + more.length];
    System.arraycopy(command, 0, all, 0, command.length);
    System.arraycopy(more, 0, all, command.length, more.length);
    int status = CommandLines.run(terminal, all);
    return new Outcome(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void stateManifestAndImageAreEnoughForABuildThatKeepsItsProfile() throws Exception {
    write(TestBuild.of("34.0").make());
    Outcome outcome = verify();
    assertThat(outcome.status()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("image.bin: accepted, gw-0001 would run 34.0.0+0");
  }

  @Test
  void theDevicesOwnRefusalIsPrinted() throws Exception {
    write(TestBuild.of("34.0").counter(TestFleet.FACTORY_COUNTER - 1).make());
    Outcome outcome = verify("--json");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out()).contains("\"reason\": \"security-counter-too-low\"");
    assertThat(outcome.err()).contains("refused (security-counter-too-low)");
  }

  @Test
  void anotherProfileIsTakenFromBesideTheManifestOrAskedFor() throws Exception {
    TestProfile next = TestProfile.any(TestFleet.OLD_MANIFEST_KEY, ED);
    Made build = TestBuild.of("34.0").profile(next).make();
    write(build);
    Outcome without = verify();
    assertThat(without.status()).isEqualTo(2);
    assertThat(without.err())
        .contains("no --profile is that of the new build: " + build.profile().digest())
        .contains("signer profiles show");
    Files.write(desk.resolve(build.profile().digest() + ".profile"), next.bytes());
    assertThat(verify().status()).isZero();
  }

  @Test
  void aProfileThatIsGivenIsFoundByItsDigest() throws Exception {
    TestProfile next = TestProfile.any(TestFleet.OLD_MANIFEST_KEY, ED);
    write(TestBuild.of("34.0").profile(next).make());
    Files.write(desk.resolve("next.json"), next.bytes());
    assertThat(verify("--profile", "next.json").status()).isZero();
  }

  @Test
  void aStateWithoutItsProfileAsksForIt() throws Exception {
    write(TestBuild.of("34.0").make());
    Files.write(desk.resolve("state.json"), TestFleet.device().toJson().textBytes());
    assertThat(verify().err()).contains("no --profile is that of");
  }
}
