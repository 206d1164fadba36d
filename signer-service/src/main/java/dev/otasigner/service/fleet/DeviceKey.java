package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Actor;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which device: its certificates carry {@code urn:ota:device:PRODUCT:ID}. */
public record DeviceKey(String product, String deviceId) {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern URN =
      Pattern.compile("urn:ota:device:([a-z0-9-]{1,32}):([A-Za-z0-9][A-Za-z0-9._-]{0,63})");

  static boolean isDeviceId(String text) {
    return ID.matcher(text).matches();
  }

  static Optional<DeviceKey> ofUrn(String urn) {
    Matcher match = URN.matcher(urn);
    return match.matches()
        ? Optional.of(new DeviceKey(match.group(1), match.group(2)))
        : Optional.empty();
  }

  String urn() {
    return "urn:ota:device:" + product + ":" + deviceId;
  }

  Actor actor() {
    return Actor.device(product, deviceId);
  }

  /** How the audit log names the device. */
  String label() {
    return "device:" + product + "/" + deviceId;
  }
}
