package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.HARDWARE;
import static dev.otasigner.cli.demo.World.PRODUCT;

import dev.otasigner.cli.local.LocalImage;
import dev.otasigner.cli.local.LocalManifest;
import dev.otasigner.keys.local.LocalKeys;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Somebody who stole the key files of 2019 and makes builds with them that look right. */
final class KeyThief {
  private static final String NEXT = "34.14";

  private final World world;
  private final Path directory;
  private final Path keys;
  private final Manifest genuine;

  private KeyThief(World world, Path directory, Path keys, Manifest genuine) {
    this.world = world;
    this.directory = directory;
    this.keys = keys;
    this.genuine = genuine;
  }

  static KeyThief of(World world) throws IOException, StepFailedException {
    Path keys = world.engineer().directory();
    try {
      Manifest genuine =
          Manifest.read(
              Envelope.read(Files.readAllBytes(keys.resolve("34.12.dsse")))
                  .payloadOf(Manifest.PAYLOAD_TYPE)
                  .toByteArray());
      return new KeyThief(world, world.stage().directoryOf("key-thief"), keys, genuine);
    } catch (RejectedException e) {
      throw new StepFailedException(String.valueOf(e.getMessage()));
    }
  }

  /** A build that looks finished. */
  record Offer(Path image, Path manifest) {}

  /** A change made to an image after it was signed. */
  private interface Change {
    void apply(Path image) throws IOException;
  }

  private static final Change NONE = image -> {};

  Offer olderCounter() throws IOException, StepFailedException {
    return craft("older-counter", NEXT, 1, HARDWARE, "image-2019.pem", NONE);
  }

  Offer otherHardware() throws IOException, StepFailedException {
    return craft("other-hardware", NEXT, 2, "other-board", "image-2019.pem", NONE);
  }

  Offer unknownKey() throws IOException, StepFailedException {
    MakersKeys.generate(keys.resolve("unknown.pem"));
    return craft("unknown-key", NEXT, 2, HARDWARE, "unknown.pem", NONE);
  }

  Offer otherManifest() throws IOException, StepFailedException {
    Offer own = craft("other-manifest", NEXT, 2, HARDWARE, "image-2019.pem", NONE);
    return new Offer(own.image(), keys.resolve("34.12.dsse"));
  }

  Offer tampered() throws IOException, StepFailedException {
    return craft(
        "tampered",
        NEXT,
        2,
        HARDWARE,
        "image-2019.pem",
        image -> {
          byte[] bytes = Files.readAllBytes(image);
          bytes[bytes.length / 2] ^= 1;
          Files.write(image, bytes);
        });
  }

  Offer appended() throws IOException, StepFailedException {
    return craft(
        "appended",
        NEXT,
        2,
        HARDWARE,
        "image-2019.pem",
        image -> Files.write(image, new byte[16], StandardOpenOption.APPEND));
  }

  /** What the old keys are still worth once the devices have moved on. */
  Offer afterRotation() throws IOException, StepFailedException {
    return craft("after-rotation", "36.16", 3, HARDWARE, "image-2019.pem", NONE);
  }

  private Offer craft(
      String name, String version, long counter, String hardware, String imageKey, Change change)
      throws IOException, StepFailedException {
    Path image = directory.resolve(name + ".img");
    Path manifest = directory.resolve(name + ".dsse");
    try {
      ImageVersion exact = ImageVersion.parseLenient(version);
      AssembleOptions options =
          AssembleOptions.of(exact).securityCounter(counter).padHeader().build();
      try (LocalKeys stolen = new LocalKeys(keys, Optional.empty(), question -> Optional.empty())) {
        LocalImage.sign(world.payload(), options, stolen, List.of(imageKey), image);
      }
      change.apply(image);
      LocalManifest.sign(
          manifest(image, exact, counter, hardware),
          List.of(keys.resolve("manifest-2019.pem")),
          manifest);
      return new Offer(image, manifest);
    } catch (RejectedException e) {
      throw new StepFailedException(String.valueOf(e.getMessage()));
    }
  }

  /** As the genuine one, key identifiers included, over these bytes. */
  private Manifest manifest(Path image, ImageVersion version, long counter, String hardware)
      throws IOException {
    Manifest.Variant listed = genuine.variants().get(0);
    Manifest.Variant variant =
        new Manifest.Variant(
            listed.name(),
            Files.size(image),
            Digest.of(Files.readAllBytes(image)),
            listed.suite(),
            listed.hash(),
            listed.pure(),
            listed.anchors());
    return new Manifest(
        PRODUCT,
        List.of(new Manifest.Hardware(hardware, List.of("a", "b"))),
        version,
        counter,
        ImageFormat.MCUBOOT,
        Instant.now(),
        List.of(variant),
        genuine.profile(),
        List.of(),
        List.of(),
        Optional.empty());
  }
}
