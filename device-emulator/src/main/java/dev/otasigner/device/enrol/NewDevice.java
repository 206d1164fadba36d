package dev.otasigner.device.enrol;

import dev.otasigner.device.transport.HttpProxy;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.util.Optional;

/**
 * A device that is about to be made.
 *
 * @param bootloader the registered bootloader it gets
 * @param build the factory build
 * @param proxy set at commissioning; the device dials out through it from then on
 */
public record NewDevice(
    String deviceId,
    String product,
    DeviceState.Hardware hardware,
    String bootloader,
    ImageVersion build,
    String channel,
    ClockClass clock,
    Optional<HttpProxy> proxy) {
  public NewDevice(
      String deviceId,
      String product,
      DeviceState.Hardware hardware,
      String bootloader,
      ImageVersion build,
      String channel,
      ClockClass clock) {
    this(deviceId, product, hardware, bootloader, build, channel, clock, Optional.empty());
  }
}
