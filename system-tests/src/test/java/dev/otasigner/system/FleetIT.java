package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.cli.Main;
import dev.otasigner.device.junit.OtaService;
import dev.otasigner.device.lab.ServiceUnderTest;
import dev.otasigner.device.lab.ServiceUnderTest.Tls;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fleet of three cohorts at a service: devices of 2019 on TLS 1.2 with RSA keys, some of them
 * without a clock, and devices that left the factory with the bridge. The manifest key has been
 * rotated: the head is signed by the new one alone, so that old devices get there over the bridge,
 * which also brings TLS 1.3 and another client key.
 */
@OtaService
class FleetIT {
  private static final int DEVICES = 60;
  private static final String HEAD = "3.0.0+0";
  private static final Pattern PROGRESS = Pattern.compile("fleet +(\\d+) of 60 at head.*");
  private static final String TROUBLE = "cut=0.003,reset=0.02,refuse=0.02";

  @TempDir Path directory;

  @Test
  void allReachTheHeadThoughTheFleetIsKilledAndDevicesMeetTrouble(ServiceUnderTest service)
      throws Exception {
    int legacy = service.openListener("legacy", Tls.LEGACY);
    String old = service.addProfile(Tls.LEGACY, legacy, "manifest");
    service.makeKey("manifest-2", "manifest", "ed25519");
    String modern = service.addProfile(Tls.MODERN, service.devicePort(), "manifest-2");
    service.sign("1.1.0", old, "manifest");
    service.sign("2.0.0", modern, "manifest", "manifest-2");
    service.sign("3.0.0", modern, "manifest-2");
    service.publishBridge("2.0.0");
    service.publish("3.0.0");
    Path plan = Files.writeString(directory.resolve("plan.json"), plan());
    Path secrets = Files.writeString(directory.resolve("secrets"), manufacture(service));

    Process killed =
        fleet(service, plan, secrets, "--fault", TROUBLE + ",slow=0.2")
            .redirectErrorStream(true)
            .start();
    int atHead = killWithin(killed);
    assertThat(atHead).isBetween(1, DEVICES - 1);
    assertThat(flashes()).hasSize(DEVICES);

    Process again = fleet(service, plan, secrets, "--json", "--fault", TROUBLE).start();
    Fields report = report(again);
    assertThat(again.waitFor()).as("%s", report.json()).isZero();
    assertThat(report.integer("atHead", 0, DEVICES)).isEqualTo(DEVICES);
    assertThat(report.integer("stranded", 0, DEVICES)).isZero();
    for (Fields cohort : report.objects("cohorts", 3)) {
      assertThat(cohort.object("versions").names()).containsExactly(HEAD);
    }
    assertThat(report.object("faults").names()).contains("cut", "reset");
    assertThat(seenByTheService(service)).hasSize(DEVICES).containsOnly(HEAD);
  }

  private static String plan() {
    return """
        {"schema": 1, "product": "product", "seed": 42, "concurrency": 8,
         "cohorts": [
           {"name": "old", "count": 20, "hardware": "board", "revision": "a", "bootloader": "boot",
            "build": "1.1.0", "channel": "stable", "idPrefix": "old-"},
           {"name": "clockless", "count": 10, "hardware": "board", "revision": "a",
            "bootloader": "boot", "build": "1.1.0", "channel": "stable", "clock": "none",
            "idPrefix": "clockless-"},
           {"name": "young", "count": 30, "hardware": "board", "revision": "a",
            "bootloader": "boot", "build": "2.0.0", "channel": "stable", "idPrefix": "young-",
            "faultsPerMille": {"cut": 5}}]}
        """;
  }

  private static String manufacture(ServiceUnderTest service) throws IOException {
    StringBuilder secrets = new StringBuilder();
    for (String[] cohort :
        new String[][] {
          {"old-", "20", "1.1.0"}, {"clockless-", "10", "1.1.0"}, {"young-", "30", "2.0.0"}
        }) {
      for (int number = 1; number <= Integer.parseInt(cohort[1]); number++) {
        String id = cohort[0] + String.format(Locale.ROOT, "%05d", number);
        secrets.append(id).append(',').append(service.manufacture(id, cohort[2])).append('\n');
      }
    }
    return secrets.toString();
  }

  private ProcessBuilder fleet(ServiceUnderTest service, Path plan, Path secrets, String... options)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(List.of("-cp", ServiceProcess.classPath(), Main.class.getName(), "fleet"));
    command.addAll(List.of("--plan", plan.toString(), "--secrets", secrets.toString()));
    command.addAll(List.of("--service", "https://localhost:" + service.enrolPort()));
    command.addAll(List.of("--server-anchor", service.serverAnchor("p-256").hex()));
    command.addAll(List.of("--flash-dir", directory.resolve("flashes").toString()));
    command.addAll(List.of(options));
    return new ProcessBuilder(command);
  }

  /** Kills it once some devices have come to the head, and not all; returns how many. */
  private static int killWithin(Process fleet) throws IOException, InterruptedException {
    List<String> said = new ArrayList<>();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(fleet.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said.add(line);
        Matcher progress = PROGRESS.matcher(line);
        if (progress.matches() && !progress.group(1).equals("0")) {
          fleet.destroyForcibly().waitFor();
          return Integer.parseInt(progress.group(1));
        }
      }
    }
    throw new IOException("the fleet ended by itself:\n" + String.join("\n", said));
  }

  private static Fields report(Process fleet) throws IOException, RejectedException {
    fleet.getErrorStream().close();
    return JsonReader.readObject(fleet.getInputStream().readAllBytes(), 1 << 20);
  }

  private List<Path> flashes() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("flashes"))) {
      return files.filter(f -> f.toString().endsWith(".flash")).toList();
    }
  }

  private static List<String> seenByTheService(ServiceUnderTest service)
      throws IOException, RejectedException {
    Fields page =
        new Fields(
            (Json.Obj)
                service.get("/api/v1/products/" + ServiceUnderTest.PRODUCT + "/devices?limit=500"),
            "");
    List<String> versions = new ArrayList<>();
    for (Fields device : page.objects("devices", 500)) {
      versions.add(device.string("version"));
    }
    return versions;
  }
}
