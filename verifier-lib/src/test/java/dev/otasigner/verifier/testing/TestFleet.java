package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Devices of a product at their factory build: RSA-2048 to boot and to sign manifests, as everybody
 * began. Tests say only what differs.
 */
public final class TestFleet {
  public static final String PRODUCT = "router";
  public static final String CHANNEL = "stable";
  public static final DeviceState.Hardware HARDWARE = new DeviceState.Hardware("gw-1", "a");
  public static final ImageVersion FACTORY_VERSION = version("33.0");
  public static final long FACTORY_COUNTER = 5;
  public static final Instant FACTORY_TIME = Instant.parse("2025-01-01T00:00:00Z");
  public static final long SLOT_BYTES = 0x20000;

  /** Boots images at the factory build. */
  public static final TestKey OLD_IMAGE_KEY =
      TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "image");

  /** Signs manifests at the factory build. */
  public static final TestKey OLD_MANIFEST_KEY =
      TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256, "manifest");

  private TestFleet() {}

  public static ImageVersion version(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  /** A digest that stands for something which no test looks into. */
  public static Digest digest(String what) {
    return Digest.of(what.getBytes(StandardCharsets.UTF_8));
  }

  /** The factory's profile: {@link #OLD_MANIFEST_KEY} alone. */
  public static TestProfile factoryProfile() {
    return TestProfile.any(OLD_MANIFEST_KEY);
  }

  /** An updatable bootloader with every protection, that boots by these keys. */
  public static Bootloader bootloader(String id, BootAnchor... anchors) {
    return new Bootloader(
        id, List.of(anchors), List.of(), true, true, true, KeyTlv.KEYHASH, SLOT_BYTES);
  }

  /** The same, never to be changed. */
  public static Bootloader fixed(Bootloader bootloader) {
    return new Bootloader(
        bootloader.id(),
        bootloader.anchors(),
        bootloader.trialAnchors(),
        bootloader.allowList(),
        bootloader.rollbackProtection(),
        false,
        bootloader.keyTlv(),
        bootloader.slotBytes());
  }

  /** The factory's bootloader: {@link #OLD_IMAGE_KEY} alone. */
  public static Bootloader factoryBootloader() {
    return bootloader("boot-1", OLD_IMAGE_KEY.bootAnchor());
  }

  /** A device as it left the factory. */
  public static DeviceState device() {
    return device(factoryBootloader(), factoryProfile().read());
  }

  /** A device with this bootloader, at a factory build with this profile. */
  public static DeviceState device(Bootloader bootloader, Profile profile) {
    return new DeviceState(
        "gw-0001",
        PRODUCT,
        HARDWARE,
        CHANNEL,
        new DeviceState.Clock(ClockClass.NONE, FACTORY_TIME),
        bootloader,
        new DeviceState.Running(
            FACTORY_VERSION, digest("manifest of the factory build"), profile.digest()),
        Map.of("modem", version("2.1")),
        FACTORY_COUNTER,
        profile.lineage().name(),
        3,
        new DeviceState.ClientCert(ClientKeyType.RSA_2048, Instant.parse("2030-01-01T00:00:00Z")));
  }
}
