package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.FIRST_DEVICE;
import static dev.otasigner.cli.demo.World.PRODUCT;
import static dev.otasigner.cli.demo.World.SECOND_DEVICE;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * Act 3: what is refused, and why. Builds are offered by somebody who stole the keys of 2019, to
 * the service and to the device's own judgement; files are offered on the wire by somebody who can
 * write the service's catalogue.
 */
final class Refusals {
  private final World world;

  Refusals(World world) {
    this.world = world;
  }

  void play() throws IOException, StepFailedException {
    Steps steps = world.steps();
    steps.act("3 what is refused, with the stolen keys of 2019 and on the wire");
    CompletableFuture<Output> firstState = world.stating(FIRST_DEVICE);
    CompletableFuture<Output> secondState = world.stating(SECOND_DEVICE);
    Path first = world.stateOf(FIRST_DEVICE, firstState);
    Path second = world.stateOf(SECOND_DEVICE, secondState);
    KeyThief thief = KeyThief.of(world);
    steps.step(
        "older security counter",
        () -> offer(thief.olderCounter(), first, "counter-too-low", "security-counter-too-low"));
    steps.step(
        "other hardware",
        () -> offer(thief.otherHardware(), first, "hardware-unknown", "wrong-hardware"));
    steps.step(
        "unknown key",
        () -> offer(thief.unknownKey(), first, "image-key-unknown", "image-key-unknown"));
    steps.step(
        "manifest of another build",
        () -> offer(thief.otherManifest(), second, "manifest-mismatch", "image-digest-mismatch"));
    steps.step(
        "tampered image, its manifest signed anew",
        () -> offer(thief.tampered(), first, "image-hash", "image-hash"));
    steps.step(
        "appended bytes, their manifest signed anew",
        () -> offer(thief.appended(), first, "image-trailing-bytes", "image-trailing-bytes"));
    CatalogueThief writer = CatalogueThief.of(world);
    steps.step(
        "tampered image on the wire",
        () -> {
          writer.tamper("34.12", () -> refuses(SECOND_DEVICE, "target-digest-mismatch"));
          return "device-2 refuses (target-digest-mismatch)";
        });
    steps.step(
        "appended bytes on the wire",
        () -> {
          writer.append("34.12", () -> refuses(SECOND_DEVICE, "target-length-mismatch"));
          return "device-2 refuses (target-length-mismatch)";
        });
    steps.step(
        "stale timestamp: eight days later the catalogue is still the same",
        () -> {
          refuses(SECOND_DEVICE, "metadata-expired", "--clock-offset", "P8D");
          return "device-2 refuses (metadata-expired)";
        });
    steps.step(
        "rolled-back catalogue: an older timestamp is shown again",
        () -> {
          writer.rollBack(() -> refuses(FIRST_DEVICE, "metadata-rolled-back"));
          return "device-1 refuses (metadata-rolled-back)";
        });
    steps.step("nothing of it was installed", this::requireUnchanged);
  }

  /** Pushes the build, and asks the device's judgement about it; both must say no. */
  private String offer(KeyThief.Offer offer, Path device, String pushed, String judged)
      throws IOException, StepFailedException {
    Program engineer = world.engineer();
    CompletableFuture<Output> push =
        engineer.running(
            "push",
            offer.image().toString(),
            "--manifest",
            offer.manifest().toString(),
            "--product",
            PRODUCT);
    Output verify =
        engineer.run(
            "verify",
            offer.image().toString(),
            "--device",
            device.toString(),
            "--manifest",
            offer.manifest().toString(),
            "--profile",
            "profile-2019.canonical.json");
    requireReason(verify, judged);
    requireReason(Program.ended(push), pushed);
    return "service " + pushed + ", device " + judged;
  }

  static void requireReason(Output output, String reason) throws StepFailedException {
    output.requireExit(1);
    if (!output.err().contains("(" + reason + ")")) {
      throw new StepFailedException("refused, but not for " + reason + ":\n" + output.all());
    }
  }

  private void refuses(String device, String reason, String... options)
      throws IOException, StepFailedException {
    World.require(world.run(device, options), "refused", reason);
  }

  private String requireUnchanged() throws IOException, StepFailedException {
    CompletableFuture<Output> first = world.stating(FIRST_DEVICE);
    CompletableFuture<Output> second = world.stating(SECOND_DEVICE);
    requireRuns(Program.ended(first), "34.12.0+0");
    requireRuns(Program.ended(second), "34.11.0+0");
    return "device-1 on 34.12, device-2 on 34.11";
  }

  private static void requireRuns(Output state, String version) throws StepFailedException {
    try {
      String running = state.requireDone().json().object("running").string("version");
      if (!running.equals(version)) {
        throw new StepFailedException("running " + running + " instead of " + version);
      }
    } catch (RejectedException e) {
      throw new StepFailedException(String.valueOf(e.getMessage()));
    }
  }
}
