package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A device's process is killed at any moment of its upgrades, by a service that is real. All that
 * is left of it is its flash file, and from that it comes back and ends at the head.
 */
class KilledDeviceIT {
  private static final Logger LOG = Logger.getLogger(KilledDeviceIT.class.getName());
  private static final int PAYLOAD_BYTES = 700_000;
  private static final int TIMEOUT_SECONDS = 90;

  private static final int KILLS = 40;

  /** Of a build that was gone back from three times the device takes no more. */
  private static final int MOST_REVERTS = 2;

  /** What a device says of an upgrade, each said once a step is done. */
  private static final List<String> STEPS =
      List.of(
          "boot",
          "refresh",
          "select",
          "download",
          "judge",
          "swap",
          "trial",
          "confirm",
          "installed",
          "checkin");

  @TempDir static Path directory;

  private static @Nullable ServiceProcess service;
  private static @Nullable RegisteredProduct registered;
  private static int enrol;
  private static int minor = 10;
  private static String profile = "";

  @BeforeAll
  static void serve() throws Exception {
    service =
        ServiceProcess.start(
            directory.resolve("data"), Map.of("SIGNER_DEVICES_CHECK_IN_SECONDS", "1"));
    RegisteredProduct product = RegisteredProduct.at(service, directory);
    registered = product;
    enrol = EnrolledDevice.open(product, "enrol");
    profile = product.addProfile("p-256", EnrolledDevice.open(product, "device"));
    byte[] payload = new byte[PAYLOAD_BYTES];
    new Random(1).nextBytes(payload);
    Files.write(product.engineer().directory().resolve("payload"), payload);
    product.sign("34.10", profile).requireDone();
  }

  @AfterAll
  static void stop() throws IOException {
    if (service != null) {
      service.close();
    }
  }

  private static RegisteredProduct product() {
    if (registered == null) {
      throw new IllegalStateException("no product was registered");
    }
    return registered;
  }

  /** Releases a build that is newer than all before; returns its version. */
  private static String release() {
    minor += 2;
    String version = "34." + minor;
    product().sign(version, profile).requireDone();
    product().publish(version).requireDone();
    return version;
  }

  /** A device's process that will be killed, and what it has said. */
  private static final class Doomed {
    private final Process process;
    private final BufferedReader out;
    private final List<String> said = new ArrayList<>();

    Doomed(Process process) {
      this.process = process;
      this.out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Reads until it says this for the n-th time; false when it ends without. */
    boolean says(String beginning, int times) throws IOException {
      return says(beginning, times, "(nothing begins so)");
    }

    /** The same, false also once there is nothing left to do. */
    boolean comesTo(String beginning, int times) throws IOException {
      return says(beginning, times, "wait");
    }

    private boolean says(String beginning, int times, String end) throws IOException {
      int left = times;
      while (left > 0) {
        String line = out.readLine();
        if (line == null) {
          return false;
        }
        said.add(line);
        left -= line.startsWith(beginning) ? 1 : 0;
        if (left > 0 && line.startsWith(end)) {
          return false;
        }
      }
      return true;
    }

    /** SIGKILL; reads what it had still said. */
    void kill() throws IOException, InterruptedException {
      // By its handle: the process object would close the stream with what is still in it.
      process.toHandle().destroyForcibly();
      says("(nothing begins so)", 1);
      assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    boolean wasKilled() {
      return process.exitValue() == 128 + 9;
    }

    /** Something was chosen or on trial, and it had not come to its end. */
    boolean wasInAnUpgrade() {
      boolean begun = said.stream().anyMatch(l -> l.startsWith("select") || l.contains("on trial"));
      boolean idle = said.stream().anyMatch(l -> l.contains("is the newest to take"));
      boolean ended = said.stream().anyMatch(l -> l.startsWith("installed"));
      return begun && !idle && !ended;
    }

    boolean isAtTheHead() {
      return said.stream()
          .anyMatch(l -> l.contains("is the newest to take") || l.startsWith("installed"));
    }

    long reverts() {
      return said.stream().filter(l -> l.startsWith("reverted")).count();
    }
  }

  @Test
  void deviceThatIsKilledAtAnyMomentEndsAtTheHead() throws Exception {
    EnrolledDevice device = EnrolledDevice.at(product(), enrol, "t-0001", "34.10");
    Random random = new Random(7);
    String head = release();
    int kills = 0;
    int inUpgrades = 0;
    long reverts = 0;
    for (int i = 0; i < KILLS; i++) {
      String[] how = i % 3 == 0 ? new String[] {"--stay", "--spread", "PT0S"} : new String[0];
      Doomed doomed = new Doomed(device.begin("run", how));
      if (i < 2 * STEPS.size()) {
        String step = STEPS.get(i % STEPS.size());
        // The second boot of an upgrade is its trial.
        doomed.comesTo(step, step.equals("boot") ? 1 + i / STEPS.size() : 1);
      } else if (doomed.comesTo("boot", 1)) {
        // Any moment will do, so none is waited for.
        boolean unused = doomed.process.waitFor(random.nextInt(1200), TimeUnit.MILLISECONDS);
      }
      doomed.kill();
      reverts += doomed.reverts();
      kills += doomed.wasKilled() ? 1 : 0;
      inUpgrades += doomed.wasKilled() && doomed.wasInAnUpgrade() ? 1 : 0;
      if (doomed.isAtTheHead() || reverts == MOST_REVERTS) {
        requireAtTheHead(device, head);
        head = release();
        reverts = 0;
      }
    }
    requireAtTheHead(device, head);
    int all = kills;
    int inside = inUpgrades;
    LOG.info(() -> all + " kills, " + inside + " of them within an upgrade");
    assertThat(inside).isGreaterThanOrEqualTo(8);
  }

  private static void requireAtTheHead(EnrolledDevice device, String head) throws Exception {
    assertThat(device.run("run", "--until-idle")).endsWith("up-to-date: " + head + ".0+0\n");
  }

  @Test
  void deviceThatStaysOnTakesWhatIsReleasedAndEndsCleanly() throws Exception {
    EnrolledDevice device = EnrolledDevice.at(product(), enrol, "t-0002", "34.10");
    Doomed staying = new Doomed(device.begin("run", "--stay", "--spread", "PT0S"));
    assertThat(staying.says("start", 1)).as("%s", staying.said).isTrue();
    String next = release() + ".0+0";
    assertThat(staying.says("offer     " + next + ": the application takes it", 1)).isTrue();
    assertThat(staying.says("start     the application, on " + next, 1)).isTrue();
    // SIGTERM.
    staying.process.toHandle().destroy();
    assertThat(staying.says("off", 1)).as("%s", staying.said).isTrue();
    assertThat(staying.process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(staying.process.exitValue()).isZero();
    assertThat(staying.said).anyMatch(l -> l.startsWith("stop      the application"));
    assertThat(device.run("run")).endsWith("up-to-date: " + next + "\n");
  }
}
