package dev.otasigner.device.enrol;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;

/**
 * A device that is about to be made.
 *
 * @param bootloader the registered bootloader it gets
 * @param build the factory build
 */
public record NewDevice(
    String deviceId,
    String product,
    DeviceState.Hardware hardware,
    String bootloader,
    ImageVersion build,
    String channel,
    ClockClass clock) {}
