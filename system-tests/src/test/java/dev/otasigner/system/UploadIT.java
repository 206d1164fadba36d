package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An upload by the command line whose connection is cut, and whose service is killed. */
class UploadIT {
  private static final int PAYLOAD_BYTES = 24 << 20;

  @TempDir Path directory;

  private Path data = Path.of("");
  private Operator engineer = new Operator(data);

  @BeforeEach
  void payload() throws Exception {
    data = directory.resolve("data");
    engineer = Operator.in(directory.resolve("engineer"));
    byte[] payload = new byte[PAYLOAD_BYTES];
    new Random(1).nextBytes(payload);
    Files.write(engineer.directory().resolve("payload"), payload);
  }

  private void signIn(ServiceProcess service, CuttingProxy proxy) throws Exception {
    Operator administrator = Operator.in(directory.resolve("administrator"));
    administrator.signIn(service, "admin", service.password());
    administrator.run("products", "add", "thermostat").requireDone();
    String password =
        administrator
            .run("users", "add", "engineer", "--json", "--role", "release-engineer")
            .requireDone()
            .json()
            .string("oneTimePassword");
    engineer.signIn(service, "engineer", password);
    engineer
        .run(
            "login",
            "--service",
            proxy.address(),
            "--user",
            "engineer",
            "--password-file",
            "password")
        .requireDone();
  }

  /** Any command that uploads; the service has no use for these bytes, and says so afterwards. */
  private Operator.Answer upload() {
    Operator.Answer answer = engineer.run("push", "payload", "--product", "thermostat");
    assertThat(answer.err()).as(answer.err()).contains("refused (");
    return answer;
  }

  private void assertStored() throws Exception {
    byte[] sent = Files.readAllBytes(engineer.directory().resolve("payload"));
    try (Stream<Path> files = Files.walk(data.resolve("payloads"))) {
      assertThat(files.filter(Files::isRegularFile))
          .singleElement()
          .satisfies(file -> assertThat(Files.readAllBytes(file)).isEqualTo(sent));
    }
  }

  @Test
  void anUploadGoesOnAfterItsConnectionWasCut() throws Exception {
    try (ServiceProcess service = ServiceProcess.start(data);
        CuttingProxy proxy = new CuttingProxy(service.address())) {
      signIn(service, proxy);
      long before = proxy.bytes();
      proxy.cutAfter(PAYLOAD_BYTES / 3, () -> proxy.cutAfter(PAYLOAD_BYTES / 3, () -> {}));
      Operator.Answer answer = upload();

      assertThat(answer.err()).contains("trying to go on").contains("going on at byte ");
      assertThat(answer.err()).doesNotContain("going on at byte 0 ");
      assertThat(proxy.bytes() - before)
          .as("nothing that had arrived was sent again, but for what was on its way")
          .isLessThan(PAYLOAD_BYTES + (8 << 20));
      assertStored();
    }
  }

  /** The service has no use for these either, and says so of each before it receives any. */
  @Test
  void aReleaseOfSeveralFilesGoesOnAfterItsConnectionWasCut() throws Exception {
    String request =
        "{'image':'payload','version':'34.12','securityCounter':1,'format':'opaque',"
            + "'hardware':[{'id':'gw','revisions':['a']}],'manifestKeys':['none'],'profile':'"
            + "0".repeat(64)
            + "'}";
    String other = request.replace("'payload'", "'small'").replace("34.12", "34.13");
    Files.write(engineer.directory().resolve("small"), new byte[] {1});
    Files.writeString(
        engineer.directory().resolve("release.json"),
        ("{'requests':[" + request + "," + other + "]}").replace('\'', '"'));
    try (ServiceProcess service = ServiceProcess.start(data);
        CuttingProxy proxy = new CuttingProxy(service.address())) {
      signIn(service, proxy);
      proxy.cutAfter(PAYLOAD_BYTES / 3, () -> {});
      Operator.Answer answer =
          engineer.run("sign-release", "release.json", "--product", "thermostat");

      assertThat(answer.err())
          .contains("going on at byte ")
          .doesNotContain("going on at byte 0 ")
          .contains("2 of 2 requests are refused by policy; none of them is received")
          .contains("34.12: (key-unknown)")
          .contains("34.13: (key-unknown)")
          .doesNotContain("payload-missing");
    }
  }

  @Test
  void anUploadGoesOnAfterTheServiceWasKilled() throws Exception {
    AtomicReference<ServiceProcess> second = new AtomicReference<>();
    try (ServiceProcess first = ServiceProcess.start(data);
        CuttingProxy proxy = new CuttingProxy(first.address())) {
      signIn(first, proxy);
      proxy.cutAfter(
          PAYLOAD_BYTES / 2,
          () -> {
            first.kill();
            ServiceProcess next = ServiceProcess.start(data);
            second.set(next);
            proxy.leadTo(next.address());
          });
      Operator.Answer answer = upload();

      assertThat(proxy.failures()).isEmpty();
      assertThat(second.get()).as("the service was killed").isNotNull();
      assertThat(answer.err()).contains("going on at byte ");
      assertThat(answer.err()).doesNotContain("going on at byte 0 ");
      assertStored();
    } finally {
      if (second.get() != null) {
        second.get().close();
      }
    }
  }
}
