package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The command from end to end: real TLS, a real flash file, each command a start of its own. */
class DeviceCommandTests extends DeviceCommandBench {
  private static final TestKey NEW_IMAGE = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519, "manifest");
  private static final TestKey ML_DSA = TestKey.of(SignatureSuite.ML_DSA_65, "manifest");

  @Test
  void deviceIsEnrolledAsAFactoryWould() throws Exception {
    Output output = enrol("once");
    assertThat(output.err()).isEmpty();
    assertThat(output.code()).isZero();
    assertThat(output.out()).startsWith("enrolled gw-0001 on 34.11.0+0, rsa-2048 certificate");
    DeviceState state = state();
    assertThat(state.running().version()).isEqualTo(TestFleet.version("34.11"));
    assertThat(state.securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    assertThat(state.bootloader()).isEqualTo(TestFleet.factoryBootloader());
    assertThat(state.lineage()).isEqualTo("first");
    assertThat(dir).isDirectoryContaining("glob:**/flash");
    assertThat(dir).isDirectoryNotContaining("glob:**/.flash.new");
  }

  @Test
  void enrolledDeviceIsNotOverwritten() throws IOException {
    assertThat(enrol("once").code()).isZero();
    Output again = enrol("once");
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains("there is a device in this file already");
  }

  @Test
  void upgradeBridgeAndRenewalOverTheDevicesOwnTls() throws Exception {
    assertThat(enrol("once").code()).isZero();
    Output idle = run();
    assertThat(idle.out()).contains("TLSv1.2 " + CBC).endsWith("up-to-date: 34.11.0+0\n");
    assertThat(idle.code()).isZero();

    service.release("first", build("34.12").counter(6).make());
    Output upgraded = run();
    assertThat(upgraded.out()).endsWith("installed: 34.12.0+0\n");
    assertThat(upgraded.code()).isZero();

    TestProfile next =
        TestProfile.all(ED, ML_DSA)
            .lineage("second")
            .root(service.root("second"))
            .tls(List.of("TLSv1.3"), List.of(GCM))
            .ports(443)
            .serverAnchors(P384.spkiDigest())
            .clientKey(ClientKeyType.P_384);
    Made bridge =
        build("36.14")
            .counter(7)
            .profile(next)
            .image("main", TestFleet.OLD_IMAGE_KEY, NEW_IMAGE)
            .manifestBy(TestFleet.OLD_MANIFEST_KEY, ED, ML_DSA)
            .brings(TestFleet.bootloader("boot-2", NEW_IMAGE.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .bridge()
            .make();
    service.release("first", bridge);
    service.release("second", bridge);
    Output rotated = run("--until-idle", "--json");
    assertThat(rotated.err()).isEmpty();
    assertThat(rotated.out())
        .contains("\"result\":\"up-to-date\"")
        .contains("\"version\":\"36.14.0+0\"")
        .contains("TLSv1.3 " + GCM)
        .contains("certificate with a p-384 key");
    DeviceState state = state();
    assertThat(state.clientCert().keyType()).isEqualTo(ClientKeyType.P_384);
    assertThat(state.bootloader().id()).isEqualTo("boot-2");
    assertThat(state.securityCounter()).isEqualTo(7);
    assertThat(modern.requests())
        .last()
        .satisfies(
            r ->
                assertThat(r.session().getPeerCertificates()[0].getPublicKey().getAlgorithm())
                    .isEqualTo("EC"));
  }

  @Test
  void refusalIsPrintedWithItsCode() throws IOException {
    assertThat(enrol("once").code()).isZero();
    service.release("first", build("34.12").hardware("gw-2", "a").make());
    Output refused = run();
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out().lines().reduce((a, b) -> b).orElse(""))
        .startsWith("refused: wrong-hardware: made for other hardware");
    Output json = run("--json");
    assertThat(json.code()).isEqualTo(1);
    assertThat(json.out()).contains("\"reason\":\"wrong-hardware\"", "\"result\":\"refused\"");
  }

  @Test
  void unreachableServiceIsExitThree() throws IOException {
    assertThat(enrol("once").code()).isZero();
    legacy.close();
    Output output = run();
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).startsWith("signer: error: no server reached on localhost:");
  }

  @Test
  void missingFlashFileSaysWhatMakesOne() {
    Output output = run();
    assertThat(output.code()).isEqualTo(1);
    assertThat(output.err()).contains("no flash file").contains("enrol");
  }

  @Test
  void stateIsReadable() throws IOException {
    assertThat(enrol("once").code()).isZero();
    Output output = signer("state", "--flash", dir.resolve("flash").toString());
    assertThat(output.out()).contains("running     34.11.0+0").contains("boot-1, updatable");
  }

  @Test
  void usageErrorsAreExitTwo() {
    assertThat(signer().code()).isEqualTo(2);
    assertThat(signer("run").err()).startsWith("signer: error: Missing required option: '--flash");
    assertThat(run("--port-map", "x").code()).isEqualTo(2);
    assertThat(run("--once", "--until-idle").code()).isEqualTo(2);
    assertThat(run("--clock-offset", "soon").code()).isEqualTo(2);
    assertThat(run("--stay", "--until-idle").code()).isEqualTo(2);
    assertThat(run("--stay", "--json").code()).isEqualTo(2);
    assertThat(run("--stay", "--defer", "soon").err())
        .startsWith("signer: error: --defer: never, until-next-boot or a duration such as PT1H");
    assertThat(run("--stay", "--spread", "PT11S").err())
        .startsWith("signer: error: --spread: the first call comes while the application is held");
  }

  @Test
  void catalogueOverTheDevicesOwnLimitIsRefused() throws IOException {
    enrol("once");
    service.release("first", build("34.12").make());
    Output output = run("--limit", "timestamp-bytes=100");
    assertThat(output.code()).as(output.err()).isEqualTo(1);
    assertThat(output.out()).contains("refused: limit-exceeded");
    assertThat(run("--limit", "timestamp-bytes=16384").code()).isZero();
  }

  @Test
  void limitThatIsNoneIsAUsageError() throws IOException {
    enrol("once");
    assertThat(run("--limit", "roots=0").code()).isEqualTo(2);
    assertThat(run("--limit", "beds=9").code()).isEqualTo(2);
  }
}
