package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.adversary.Adversary;
import dev.otasigner.device.adversary.Attack;
import dev.otasigner.device.adversary.Attacks;
import dev.otasigner.device.adversary.Recording;
import dev.otasigner.device.adversary.Relay;
import dev.otasigner.device.adversary.Upstream;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The adversary kit between real devices and the real service, whose TLS key the adversary has.
 * Each attack begins with a copy of one device; each ends in a named refusal, and the device takes
 * the honest build afterwards.
 */
class AdversaryIT {
  private static final String FACTORY = "34.10.0+0";
  private static final String NEXT = "34.12.0+0";
  private static final String WITHDRAWN = "34.11.0+0";

  @TempDir Path directory;

  private final Map<Attack, Path> attacked = new LinkedHashMap<>();
  private int devicePort;

  @Test
  void everyAttackEndsInANamedRefusal() throws Exception {
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"));
        Adversary adversary =
            Adversary.before(Upstream.at(URI.create(service.address() + "/catalogue")))) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      int enrolPort = EnrolledDevice.open(product, "enrol");
      devicePort = EnrolledDevice.open(product, "device");
      String profile = product.addDeceivedProfile("p-256", devicePort, adversary.anchor());
      product.sign("34.10", profile).requireDone();
      product.sign("34.11", profile).requireDone();
      product.sign("34.12", profile).requireDone();
      Path fresh = EnrolledDevice.at(product, enrolPort, "t-0001", "34.10").flash();

      // A build that is offered for a while, and then withdrawn.
      product.publish("34.11").requireDone();
      adversary.begin(Attacks.brokenOff());
      assertThatThrownBy(() -> update(copy(fresh, "victim"), adversary.port()))
          .isInstanceOf(IOException.class);
      adversary.behave();
      Recording offered = adversary.recording();
      product
          .engineer()
          .run(
              "release",
              "withdraw",
              "34.11",
              "--product",
              PRODUCT,
              "--channel",
              CHANNEL,
              "--hardware",
              HARDWARE)
          .requireDone();
      Path informed = copy(fresh, "informed");
      assertThat(update(informed, adversary.port())).isInstanceOf(UpdateOutcome.UpToDate.class);
      product.publish("34.12").requireDone();
      byte[] other = Files.readAllBytes(product.engineer().directory().resolve("34.11.img"));

      attacked.put(Attacks.tamperedImage(), fresh);
      attacked.put(Attacks.tamperedManifest(), fresh);
      attacked.put(Attacks.tamperedMetadata(), fresh);
      attacked.put(Attacks.longerImage(), fresh);
      attacked.put(Attacks.swappedImage(other), fresh);
      attacked.put(Attacks.endlessMetadata(), fresh);
      attacked.put(Attacks.endlessImage(), fresh);
      attacked.put(Attacks.bomb(), fresh);
      attacked.put(Attacks.mixed(offered), fresh);
      attacked.put(Attacks.wrongRole(offered), fresh);
      attacked.put(Attacks.withdrawnBuild(offered), fresh);
      attacked.put(Attacks.rolledBack(offered), informed);
      for (Map.Entry<Attack, Path> one : attacked.entrySet()) {
        survives(one.getKey(), copy(one.getValue(), one.getKey().name()), adversary);
      }
      survivesAFreeze(offered, copy(informed, "frozen"), adversary);
      survivesTheWire(copy(fresh, "wire"));
      service.stop();
    }
  }

  private void survives(Attack attack, Path flash, Adversary adversary) throws IOException {
    adversary.begin(attack);
    UpdateOutcome outcome = update(flash, adversary.port());
    assertThat(adversary.lies()).as("%s was mounted", attack).isPositive();
    assertThat(outcome).as("%s", attack).isInstanceOf(UpdateOutcome.Refused.class);
    UpdateOutcome.Refused refused = (UpdateOutcome.Refused) outcome;
    assertThat(attack.refusals()).as(refused.message()).contains(refused.reason());
    assertThat(version(flash)).isEqualTo(FACTORY);
    adversary.behave();
    assertThat(update(flash, adversary.port())).isInstanceOf(UpdateOutcome.Installed.class);
    assertThat(version(flash)).isEqualTo(NEXT);
  }

  /** The device that was away: it has never heard of the withdrawal, but it has a clock. */
  private void survivesAFreeze(Recording offered, Path flash, Adversary adversary)
      throws IOException {
    adversary.begin(Attacks.frozen(offered));
    UpdateOutcome outcome = update(flash, adversary.port(), Duration.ofDays(400));
    assertThat(adversary.lies()).isPositive();
    assertThat(outcome).isInstanceOf(UpdateOutcome.Refused.class);
    assertThat(version(flash)).isNotEqualTo(WITHDRAWN).isEqualTo(FACTORY);
    adversary.behave();
    assertThat(update(flash, adversary.port())).isInstanceOf(UpdateOutcome.Installed.class);
  }

  /** Without a key: in front of the service's own listener. */
  private void survivesTheWire(Path flash) throws IOException {
    try (Relay relay = Relay.to(devicePort)) {
      for (Relay.Touch touch :
          new Relay.Touch[] {
            Relay.downgrading(),
            Relay.flipping(Relay.From.SERVER, 100),
            Relay.flipping(Relay.From.SERVER, 5_000),
            Relay.flipping(Relay.From.DEVICE, 50),
            Relay.resetting(Relay.From.SERVER, 3_000)
          }) {
        relay.begin(touch);
        assertThatThrownBy(() -> update(flash, relay.port())).isInstanceOf(IOException.class);
        assertThat(relay.touched()).isPositive();
        assertThat(version(flash)).isEqualTo(FACTORY);
      }
      relay.behave();
      assertThat(update(flash, relay.port())).isInstanceOf(UpdateOutcome.Installed.class);
    }
  }

  private Path copy(Path flash, String name) throws IOException {
    return Files.copy(flash, directory.resolve(name + ".flash"));
  }

  private UpdateOutcome update(Path flash, int port) throws IOException {
    return update(flash, port, Duration.ZERO);
  }

  private UpdateOutcome update(Path flash, int port, Duration ahead) throws IOException {
    try (Flash chip = Flash.open(flash)) {
      return new EmulatedDevice(
              chip,
              new DeviceClock(Clock.offset(Clock.systemUTC(), ahead)),
              new TlsDialling(Map.of(devicePort, port), Timeouts.DEFAULT),
              (step, text) -> {})
          .update();
    }
  }

  private static String version(Path flash) throws IOException {
    try (Flash chip = Flash.open(flash)) {
      return EmulatedDevice.state(chip).running().version().toString();
    }
  }
}
