package dev.otasigner.service.listeners;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.Profile;
import java.util.List;
import java.util.Optional;

/** Who is out there, as far as listeners matter. The database counts; no device is read. */
public interface DeviceCounts {
  /**
   * Devices that are alike.
   *
   * @param profile that they run; empty when it is not registered
   * @param listener on which they were last heard of; empty when they never were
   */
  record Alike(
      String product,
      ImageVersion version,
      Optional<Profile> profile,
      boolean enrolled,
      Optional<String> listener,
      long devices) {}

  /** All of them, as written: what is heard is written within ten seconds. */
  List<Alike> alike();
}
