package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.Manifest;

/**
 * A build that the device would take.
 *
 * @param manifest whose signatures satisfy the running profile
 * @param variant the image file that was judged
 * @param after the device's state once the build has run, been confirmed and been reset
 */
public record Accepted(Manifest manifest, Manifest.Variant variant, DeviceState after) {}
