package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.FIRST_DEVICE;
import static dev.otasigner.cli.demo.World.PRODUCT;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Act 2: an upgrade as it should be. */
final class Upgrade {
  private final World world;
  private String profile = "";

  Upgrade(World world) {
    this.world = world;
  }

  void play() throws IOException, StepFailedException {
    Steps steps = world.steps();
    steps.act("2 an upgrade, from the payload to a confirmed boot");
    steps.step(
        "build 34.12 of " + Files.size(world.payload()) / 1024 + " KiB is signed and judged",
        this::sign);
    steps.step("it is released to channel stable and published", this::release);
    steps.step("device-1 fetches, verifies, boots and confirms it over mutual TLS", this::install);
    steps.step("the service knows it from the device's check-in", this::requireKnown);
  }

  private String sign() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    profile = Answers.text(build("34.11"), "profile");
    CompletableFuture<Output> showing =
        engineer.running("profiles", "show", profile, "--product", PRODUCT);
    Builds.sign(world, "34.12", 2, profile, List.of("image-2019"), List.of("manifest-2019"))
        .requireDone();
    Output bytes = Program.ended(showing).requireDone();
    Files.writeString(engineer.directory().resolve("profile-2019.canonical.json"), bytes.out());
    return "";
  }

  private Output build(String version) throws IOException, StepFailedException {
    return world
        .engineer()
        .run("builds", "show", version, "--json", "--product", PRODUCT)
        .requireDone();
  }

  private String release() throws IOException, StepFailedException {
    Builds.release(world, "34.11");
    CatalogueThief.of(world).keepTimestamp();
    Builds.release(world, "34.12");
    return "";
  }

  private String install() throws IOException, StepFailedException {
    World.require(world.run(FIRST_DEVICE), "installed", "34.12.0+0");
    return "";
  }

  private String requireKnown() throws IOException, StepFailedException {
    Output shown =
        world
            .engineer()
            .run("devices", "show", FIRST_DEVICE, "--json", "--product", PRODUCT)
            .requireDone();
    try {
      String version = shown.json().object("running").string("version");
      if (!version.equals("34.12.0+0")) {
        throw new StepFailedException("the service has device-1 on " + version);
      }
    } catch (RejectedException e) {
      throw new StepFailedException(String.valueOf(e.getMessage()));
    }
    return "";
  }
}
