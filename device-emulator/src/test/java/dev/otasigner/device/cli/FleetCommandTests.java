package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FleetCommandTests extends DeviceCommandBench {
  private static final int DEVICES = 3;

  @Test
  void aFleetIsEnrolledBroughtToTheHeadAndReported() throws Exception {
    service.release("first", build("34.12").make());
    Output output = fleet("--secrets", secrets(DEVICES), "--json", "--fault", "reset=0.02");
    assertThat(output.code()).as(output.err()).isZero();
    Fields report = JsonReader.readObject(output.out().getBytes(StandardCharsets.UTF_8), 1 << 20);
    assertThat(report.integer("atHead", 0, 100)).isEqualTo(DEVICES);
    assertThat(report.objects("cohorts", 1).get(0).object("versions").names())
        .containsExactly("34.12.0+0");
    assertThat(report.object("wire").integer("handshake TLSv1.2 " + CBC, 1, 1000))
        .isGreaterThanOrEqualTo(DEVICES);
    assertThat(output.err()).contains("3 of 3 at head");
  }

  @Test
  void aStrandedDeviceIsNamedAndEndsTheCommandWithOne() throws IOException {
    service.release("first", build("34.12").make());
    service.tamper(".img", image -> new byte[image.length]);
    Output output = fleet("--secrets", secrets(DEVICES), "--tries", "1");
    assertThat(output.code()).isEqualTo(1);
    assertThat(output.out())
        .contains(
            "stranded: gw-00002 of all runs 34.11.0+0: behind, target-digest-mismatch",
            "fleet: 0 at head, 3 stranded");
    assertThat(fleet("--tries", "1", "--allow-stranded", "3").code()).isZero();
  }

  @Test
  void noSecretIsSentWhenOneIsMissing() throws IOException {
    Output output = fleet("--secrets", secrets(DEVICES - 1));
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("--secrets: none for gw-00003, 1 in all");
    assertThat(service.requests()).isEmpty();
  }

  @Test
  void exactlyOneCredentialIsExpected() throws IOException {
    String one = "exactly one of --secrets and --factory-cert is expected";
    assertThat(fleet().err()).contains(one);
    String secrets = secrets(DEVICES);
    assertThat(fleet("--secrets", secrets, "--factory-cert", secrets).err()).contains(one);
    assertThat(fleet("--factory-cert", secrets).err())
        .contains("--factory-cert and --factory-key belong together");
  }

  @Test
  void aPlanThatIsNoneIsRefusedWithItsField() throws IOException {
    Path plan = Files.writeString(dir.resolve("broken.json"), plan().replace("seed", "sede"));
    Output output =
        signer("fleet", "--plan", plan.toString(), "--flash-dir", dir.resolve("f").toString());
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("--plan: ", "broken.json", "sede");
  }

  @Test
  void whatIsNoRateOrSpeedIsRefused() throws IOException {
    assertThat(fleet("--fault", "flood=1").err()).contains("flood: cut, reset, slow or refuse");
    assertThat(fleet("--fault", "cut=2").err()).contains("a rate is from 0 to 1");
    assertThat(fleet("--speed", "0").err()).contains("the speed is over 0");
    assertThat(fleet("--tries", "0").err()).contains("tries are at least 1");
  }

  @Test
  void devicesThatAreNotThereYetNeedAService() throws IOException {
    Path plan = Files.writeString(dir.resolve("plan.json"), plan());
    Output output = signer("fleet", "--plan", plan.toString());
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("3 devices are not enrolled yet");
  }

  private String secrets(int devices) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int number = 1; number <= devices; number++) {
      lines.append("gw-0000").append(number).append(",once\n");
    }
    return Files.writeString(dir.resolve("secrets.csv"), lines).toString();
  }

  private String plan() {
    return """
        {"schema": 1, "product": "router", "seed": 3, "concurrency": 2,
         "ports": {"31314": %d, "993": %d},
         "cohorts": [{"name": "all", "count": 3, "hardware": "gw-1", "revision": "a",
                      "bootloader": "boot-1", "build": "34.11", "channel": "stable",
                      "clock": "none", "idPrefix": "gw-"}]}
        """
        .replaceFirst("%d", Integer.toString(legacy.port()))
        .replaceFirst("%d", Integer.toString(legacy.port()));
  }

  private Output fleet(String... options) throws IOException {
    Path plan = Files.writeString(dir.resolve("plan.json"), plan());
    List<String> args = new ArrayList<>(List.of("fleet", "--plan", plan.toString()));
    args.addAll(List.of("--service", "https://localhost:" + enrolment.port()));
    args.addAll(List.of("--server-anchor", RSA.spkiDigest().hex()));
    args.addAll(List.of("--flash-dir", dir.resolve("flashes").toString()));
    args.addAll(List.of(options));
    return signer(args.toArray(String[]::new));
  }
}
