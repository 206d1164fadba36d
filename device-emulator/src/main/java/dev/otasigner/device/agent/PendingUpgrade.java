package dev.otasigner.device.agent;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An upgrade on its way.
 *
 * @param attempt the number under which the bootloader was asked, 0 before that
 * @param image digest of the image file as the catalogue lists it
 * @param imageBytes its length
 * @param component digest of the bootloader component's file, if the build brings one
 * @param after the device's state once confirmed; from STAGED on
 */
record PendingUpgrade(
    Phase phase,
    long attempt,
    ImageVersion version,
    Digest manifest,
    Digest profile,
    Digest image,
    long imageBytes,
    Optional<Digest> component,
    Optional<DeviceState> after) {
  private static final int MAX_BYTES = DeviceState.MAX_BYTES + 4096;

  enum Phase {
    /** The secondary slot is being erased. */
    CLEARING,
    /** The secondary slot begins with part of the image. */
    DOWNLOADING,
    /** The image is whole and was accepted. */
    STAGED,
    /** The bootloader has been, or is about to be, asked to boot it. */
    REQUESTED;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Phase ofCode(String code) {
      for (Phase phase : values()) {
        if (phase.code().equals(code)) {
          return phase;
        }
      }
      return null;
    }
  }

  static PendingUpgrade read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    return new PendingUpgrade(
        fields.oneOf("phase", Phase::ofCode, "phase"),
        fields.integer("attempt", 0, Long.MAX_VALUE),
        fields.version("version"),
        fields.digest("manifest"),
        fields.digest("profile"),
        fields.digest("image"),
        fields.integer("imageBytes", 0, Long.MAX_VALUE),
        fields.has("component") ? Optional.of(fields.digest("component")) : Optional.empty(),
        fields.has("after")
            ? Optional.of(DeviceState.read(fields.object("after")))
            : Optional.empty());
  }

  byte[] toBytes() {
    return Json.object()
        .put("schema", 1)
        .put("phase", phase.code())
        .put("attempt", attempt)
        .put("version", version.toString())
        .put("manifest", manifest)
        .put("profile", profile)
        .put("image", image)
        .put("imageBytes", imageBytes)
        .put("component", component.orElse(null))
        .put("after", after.map(DeviceState::toJson).orElse(null))
        .build()
        .canonicalBytes();
  }

  /** Whether this is the same build in the same image file. */
  boolean isFor(PendingUpgrade other) {
    return manifest.equals(other.manifest) && image.equals(other.image);
  }

  PendingUpgrade in(Phase next) {
    return new PendingUpgrade(
        next, attempt, version, manifest, profile, image, imageBytes, component, after);
  }

  PendingUpgrade staged(DeviceState state) {
    return new PendingUpgrade(
        Phase.STAGED,
        attempt,
        version,
        manifest,
        profile,
        image,
        imageBytes,
        component,
        Optional.of(state));
  }

  PendingUpgrade requested(long number) {
    return new PendingUpgrade(
        Phase.REQUESTED, number, version, manifest, profile, image, imageBytes, component, after);
  }
}
