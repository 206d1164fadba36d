package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static dev.otasigner.system.RegisteredProduct.REVISION;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.lab.LabDevice;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An image key on RSA-3072 gives way to one on Ed25519, by the commands of a person and with
 * devices that know nothing but what is in their flash. The service is killed between the steps.
 */
class KeyRotationIT {
  private static final String OLD = "image-2019";
  private static final String NEW = "image-2026";
  private static final Pattern ROTATION = Pattern.compile("rotation (\\d+), open: ");

  @TempDir private Path directory = Path.of("");

  private RegisteredProduct product =
      new RegisteredProduct(new Operator(Path.of("")), new Operator(Path.of("")));
  private String profile = "";
  private int enrolPort;

  @Test
  void aFleetFollowsFromOneKeyToTheNextAndNobodyIsLeft() throws Exception {
    Path data = directory.resolve("data");
    LabDevice first;
    LabDevice late;
    String id;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      prepare();
      first = device("t-0001");
      late = device("t-0002");
      run(0, "plan", "--old", OLD, "--new", NEW)
          .contains("next     introduce")
          .contains("2 of 2 devices would be cut off without " + OLD);
      id = start();
      run(0, "advance", id, "--yes").contains("done: introduce; next is sign");
      engineer(
          "bootloaders",
          "add",
          "boot-2026",
          "--anchor",
          NEW,
          "--hardware",
          HARDWARE,
          "--slot-bytes",
          "1048576",
          "--product",
          PRODUCT);
      run(4, "advance", id, "--yes")
          .contains("signer sign IMAGE")
          .contains("--bootloader boot-2026");
      service.kill();
    }
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product.signIn(service);
      run(4, "status", id).contains("next     sign");
      sign("2.0.0", List.of(OLD, NEW), "--bootloader", "boot-2026");
      run(0, "advance", id, "--yes").contains("done: bridge; next is fleet");
      install(first, "2.0.0");
      run(4, "advance", id, "--yes").contains("1 on 1.0.0+0 in stable for board");
      service.kill();
    }
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product.signIn(service);
      assertThat(engineerRefused("keys", "deactivate", OLD))
          .contains("t-0002")
          .doesNotContain("t-0001");
      run(0, "abort", id, "--reason", "another time").contains("aborted rotation " + id);
      id = start();
      run(4, "status", id).contains("next     fleet");
      install(late, "2.0.0");
      run(0, "advance", id, "--yes").contains("done: new-only");
      assertThat(signing("2.1.0", List.of(OLD, NEW)).status()).isEqualTo(1);
      run(0, "abort", id, "--reason", "the old key once more");
      sign("2.1.0", List.of(OLD, NEW));
      id = start();
      run(0, "advance", id, "--yes").contains("done: new-only; next is retire");
      service.kill();
    }
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product.signIn(service);
      run(0, "advance", id, "--yes").contains("done: retire; next is destroy");
      run(0, "advance", id, "--yes").contains("done: destroy; rotation " + id + " is done");
      run(1, "advance", id, "--yes").contains("no step is left");
      sign("3.0.0", List.of(NEW));
      publish("3.0.0");
      install(first, "3.0.0");
      install(late, "3.0.0");
      service.stop();
    }
  }

  private void prepare() throws Exception {
    enrolPort = EnrolledDevice.open(product, "enrol");
    profile = product.addProfile("p-256", EnrolledDevice.open(product, "device"));
    engineer("keys", "create", OLD, "--purpose", "image", "--suite", "rsa-pss-3072-sha256");
    engineer("keys", "create", NEW, "--purpose", "image", "--suite", "ed25519", "--pre-active");
    engineer(
        "bootloaders",
        "add",
        "boot-2019",
        "--anchor",
        OLD,
        "--hardware",
        HARDWARE,
        "--slot-bytes",
        "1048576",
        "--product",
        PRODUCT);
    sign("1.0.0", List.of(OLD));
  }

  private LabDevice device(String id) throws Exception {
    String secret =
        product
            .engineer()
            .run(
                "devices",
                "add",
                id,
                "--json",
                "--product",
                PRODUCT,
                "--hardware",
                HARDWARE,
                "--revision",
                REVISION,
                "--bootloader",
                "boot-2019",
                "--channel",
                CHANNEL,
                "--build",
                "1.0.0")
            .requireDone()
            .json()
            .string("secret");
    Digest anchor = WireExchangesIT.serverAnchor(product.engineer());
    return LabDevice.enrol(
        "localhost",
        enrolPort,
        anchor,
        new NewDevice(
            id,
            PRODUCT,
            new DeviceState.Hardware(HARDWARE, REVISION),
            "boot-2019",
            ImageVersion.parseLenient("1.0.0"),
            CHANNEL,
            ClockClass.RTC),
        new Credential.OneTimeSecret(secret),
        Clock.systemUTC(),
        Map.of());
  }

  /** The device takes what is offered, and says so when it dials in next. */
  private static void install(LabDevice device, String version) throws Exception {
    UpdateOutcome outcome = device.updateUntilIdle();
    assertThat(device.version())
        .as("%s %s", outcome, device.steps())
        .isEqualTo(ImageVersion.parseLenient(version));
  }

  private String start() {
    String said =
        product
            .engineer()
            .run("rotation", "start", "--product", PRODUCT, "--old", OLD, "--new", NEW)
            .requireDone()
            .out();
    Matcher id = ROTATION.matcher(said);
    assertThat(id.find()).as(said).isTrue();
    return id.group(1);
  }

  /** What a command of the rotation says, on both streams. */
  private org.assertj.core.api.AbstractStringAssert<?> run(int status, String... arguments) {
    List<String> command = new ArrayList<>(List.of("rotation"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--product", PRODUCT));
    Operator.Answer answer = product.engineer().run(command.toArray(String[]::new));
    assertThat(answer.status())
        .as("%s: %s%s", command, answer.out(), answer.err())
        .isEqualTo(status);
    return assertThat(answer.out() + answer.err());
  }

  private void engineer(String... command) {
    product.engineer().run(command).requireDone();
  }

  private String engineerRefused(String... command) {
    Operator.Answer answer = product.engineer().run(command);
    assertThat(answer.status()).isEqualTo(1);
    return answer.err();
  }

  private void sign(String version, List<String> imageKeys, String... more) {
    signing(version, imageKeys, more).requireDone();
  }

  private Operator.Answer signing(String version, List<String> imageKeys, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sign",
                "payload",
                "--product",
                PRODUCT,
                "--hardware",
                HARDWARE,
                "--version",
                version,
                "--security-counter",
                "1",
                "--pad-header",
                "--profile",
                profile,
                "--manifest-key",
                "manifest"));
    imageKeys.forEach(key -> command.addAll(List.of("--image-key", key)));
    command.addAll(List.of(more));
    return product.engineer().run(command.toArray(String[]::new));
  }

  private void publish(String version) {
    engineer(
        "release",
        "publish",
        version,
        "--product",
        PRODUCT,
        "--channel",
        CHANNEL,
        "--hardware",
        HARDWARE);
  }
}
