package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestProxy;
import dev.otasigner.device.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A proxy set at commissioning and at run time, and the route that is kept. */
class ProxyCommandTests extends DeviceCommandBench {
  private static final String PASSWORD = "hush hush";

  private final TestProxy proxy;

  ProxyCommandTests() throws IOException {
    proxy = TestProxy.start().knows("localhost:" + legacy.port(), legacy.port());
  }

  @AfterEach
  void stopProxy() throws IOException {
    proxy.close();
  }

  private String flash() {
    return dir.resolve("flash").toString();
  }

  private String passwordFile() throws IOException {
    return Files.writeString(dir.resolve("password"), PASSWORD + "\n").toString();
  }

  private Output set(String... options) {
    List<String> args = new ArrayList<>(List.of("proxy", "set", "--flash", flash()));
    args.addAll(List.of(options));
    return signer(args.toArray(String[]::new));
  }

  private Output show(String... options) {
    List<String> args = new ArrayList<>(List.of("proxy", "show", "--flash", flash()));
    args.addAll(List.of(options));
    return signer(args.toArray(String[]::new));
  }

  private String here() {
    return "127.0.0.1:" + proxy.port();
  }

  @Test
  void proxyOfTheCommissioningIsUsedForItAndFromThenOn() throws Exception {
    proxy.knows("localhost:" + enrolment.port(), enrolment.port()).asking("fred", PASSWORD, 401);
    Path secret = Files.writeString(dir.resolve("secret"), "once\n");
    Output enrolled =
        enrolBy(
            "--secret-file",
            secret.toString(),
            "--proxy",
            here(),
            "--proxy-user",
            "fred",
            "--proxy-password-file",
            passwordFile());
    assertThat(enrolled.err()).isEmpty();
    assertThat(proxy.heads()).hasSize(1);
    Output run = run();
    assertThat(run.out()).endsWith("up-to-date: 34.11.0+0\n");
    assertThat(proxy.heads()).last().asString().startsWith("CONNECT localhost:" + legacy.port());
    assertThat(show().out()).isEqualTo("proxy       " + here() + ", user fred\n");
  }

  @Test
  void proxyIsSetAndTakenAwayAtRunTime() throws Exception {
    enrol("once");
    assertThat(set("--proxy", here()).out())
        .isEqualTo("proxy " + here() + " from the next connection on\n");
    assertThat(run().code()).isZero();
    assertThat(proxy.heads()).isNotEmpty();
    int before = proxy.heads().size();
    assertThat(signer("proxy", "clear", "--flash", flash()).code()).isZero();
    assertThat(run().code()).isZero();
    assertThat(proxy.heads()).hasSize(before);
    assertThat(show().out()).isEqualTo("proxy       none\n");
    assertThat(show("--json").out()).contains("\"type\":\"none\"");
  }

  @Test
  void deviceThatIsSwitchedOnTakesTheProxyBeforeItsNextConnection() throws Exception {
    enrol("once");
    Path waiting = dir.resolve(".flash.proxy");
    try (Flash held = Flash.open(dir.resolve("flash"))) {
      assertThat(held.layout()).isNotNull();
      Output output =
          set("--proxy", here(), "--proxy-user", "fred", "--proxy-password-file", passwordFile());
      assertThat(output.err()).isEmpty();
      assertThat(output.out()).contains("the device is switched on");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(waiting)))
          .isEqualTo("rw-------");
    }
    assertThat(run().code()).isZero();
    assertThat(proxy.heads()).isNotEmpty();
    assertThat(waiting).doesNotExist();
    assertThat(show().out()).contains(here());
  }

  @Test
  void waitingFileThatIsNoSettingIsDroppedAndToldOnce() throws Exception {
    enrol("once");
    Path waiting = Files.writeString(dir.resolve(".flash.proxy"), "{\"type\":\"socks\"}");
    Output output = run();
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).contains("no proxy setting, so it was dropped");
    assertThat(waiting).doesNotExist();
    assertThat(run().code()).isZero();
  }

  @Test
  void newerSettingReplacesOneThatWaits() throws Exception {
    enrol("once");
    try (Flash held = Flash.open(dir.resolve("flash"))) {
      assertThat(held.layout()).isNotNull();
      set("--proxy", "old.example:1");
    }
    set("--proxy", "new.example:2");
    assertThat(show().out()).isEqualTo("proxy       new.example:2\n");
  }

  @Test
  void passwordIsShownNowhere() throws Exception {
    enrol("once");
    Output output =
        set("--proxy", here(), "--proxy-user", "fred", "--proxy-password-file", passwordFile());
    Output state = signer("state", "--flash", flash());
    proxy.asking("fred", "another", 407);
    Output run = run();
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .startsWith("signer: error: proxy authentication failed: " + here())
        .contains("user fred (HTTP 407)");
    assertThat(show("--json").out()).contains("\"user\":\"fred\"");
    for (Output each : List.of(output, state, run, show(), show("--json"))) {
      assertThat(each.out() + each.err()).doesNotContain(PASSWORD).doesNotContain("aHVzaCBodXNo");
    }
  }

  @Test
  void limitsAreToldByFieldAndLength() throws Exception {
    enrol("once");
    assertThat(set("--proxy", "a".repeat(65) + ":1").err())
        .startsWith("signer: error: proxy address: 1 to 64 characters are expected, not 65");
    assertThat(set("--proxy", "p:65536").err())
        .startsWith("signer: error: proxy port: a number from 1 to 65535 is expected, not 65536");
    assertThat(
            set(
                    "--proxy",
                    "p:1",
                    "--proxy-user",
                    "u".repeat(33),
                    "--proxy-password-file",
                    passwordFile())
                .err())
        .startsWith("signer: error: proxy user: 1 to 32 characters are expected, not 33");
    Path secret = Files.writeString(dir.resolve("long"), PASSWORD.repeat(9) + "\n");
    Output tooLong =
        set("--proxy", "p:1", "--proxy-user", "u", "--proxy-password-file", secret.toString());
    assertThat(tooLong.err())
        .startsWith("signer: error: proxy password: 0 to 32 characters are expected, not 81")
        .doesNotContain(PASSWORD);
    assertThat(tooLong.code()).isEqualTo(2);
    assertThat(show().out()).isEqualTo("proxy       none\n");
  }

  @Test
  void halfACredentialIsAUsageError() throws Exception {
    enrol("once");
    assertThat(set("--proxy", "p:1", "--proxy-user", "u").err()).contains("belong together");
    assertThat(set("--proxy-user", "u", "--proxy-password-file", passwordFile()).err())
        .contains("belong to a --proxy");
    assertThat(set().err()).contains("--proxy is expected");
    assertThat(
            set("--proxy", "p:1", "--proxy-user", "u", "--proxy-password-file", dir + "/no").err())
        .contains("is not there");
    assertThat(signer("proxy").code()).isEqualTo(2);
  }

  @Test
  void standardInputHoldsOneSecretOnly() {
    Output output =
        enrolBy(
            "--secret-file",
            "-",
            "--proxy",
            "p:1",
            "--proxy-user",
            "u",
            "--proxy-password-file",
            "-");
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("cannot both be standard input");
  }

  @Test
  void portThatWorkedIsTriedFirstByTheNextProcess() throws Exception {
    enrol("once");
    assertThat(run().code()).isZero();
    assertThat(signer("state", "--flash", flash()).out()).contains("localhost:993 worked last");
    // Now somebody listens on the profile's first port, too: nobody asks there.
    TestServer.Tls tls =
        new TestServer.Tls(
            RSA_KEYS,
            RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
            List.of(RSA.certificate()),
            List.of("TLSv1.2"),
            List.of(CBC));
    TestServer first = start(tls);
    Output again =
        signer(
            "run",
            "--flash",
            flash(),
            "--port-map",
            "31314:" + first.port() + ",993:" + legacy.port());
    assertThat(again.code()).isZero();
    assertThat(first.connections()).isZero();
    legacy.close();
    Output elsewhere =
        signer(
            "run",
            "--flash",
            flash(),
            "--port-map",
            "31314:" + first.port() + ",993:" + legacy.port());
    assertThat(elsewhere.code()).isZero();
    assertThat(first.connections()).isPositive();
    assertThat(signer("state", "--flash", flash()).out()).contains("localhost:31314 worked last");
  }

  @Test
  void groupIsPrintedWithTheConnection() throws Exception {
    enrol("once");
    assertThat(run().out()).contains("connect   TLSv1.2 " + CBC + " secp256r1\n");
  }

  @Test
  void authorityIsCheckedBehindTheProxyToo() throws Exception {
    enrol("once");
    TestAuthority impostor = TestAuthority.rsa();
    TestServer.Tls tls =
        new TestServer.Tls(
            RSA_KEYS,
            impostor.chainOf(impostor.server(RSA_KEYS.getPublic())),
            List.of(),
            List.of("TLSv1.2"),
            List.of(CBC));
    TestServer wrong = start(tls);
    proxy.knows("localhost:" + legacy.port(), wrong.port());
    set("--proxy", here());
    Output output = run();
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).contains("no authority pinned by the profile vouches for localhost");
    assertThat(wrong.requests()).isEmpty();
  }
}
