package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.CHANNEL;
import static dev.otasigner.cli.demo.World.HARDWARE;
import static dev.otasigner.cli.demo.World.PRODUCT;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the engineer does with every build. */
final class Builds {
  private Builds() {}

  /** Registers the profile in the file and answers its digest. */
  static String registerProfile(World world, String file) throws IOException, StepFailedException {
    return Answers.text(
        world.engineer().run("profiles", "add", file, "--json", "--product", PRODUCT).requireDone(),
        "digest");
  }

  /** Signs the payload through the service, and keeps image and manifest under the version. */
  static Output sign(
      World world,
      String version,
      long counter,
      String profile,
      List<String> imageKeys,
      List<String> manifestKeys,
      String... more)
      throws IOException, StepFailedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sign",
                world.payload().toString(),
                "--product",
                PRODUCT,
                "--hardware",
                HARDWARE,
                "--version",
                version,
                "--security-counter",
                Long.toString(counter),
                "--pad-header",
                "--profile",
                profile,
                "-o",
                version + ".img",
                "--manifest-output",
                version + ".dsse"));
    for (String key : imageKeys) {
      command.addAll(List.of("--image-key", key));
    }
    for (String key : manifestKeys) {
      command.addAll(List.of("--manifest-key", key));
    }
    command.addAll(List.of(more));
    return world.engineer().run(command.toArray(String[]::new));
  }

  static void release(World world, String version, String... more)
      throws IOException, StepFailedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "release",
                "publish",
                version,
                "--product",
                PRODUCT,
                "--channel",
                CHANNEL,
                "--hardware",
                HARDWARE));
    command.addAll(List.of(more));
    world.engineer().run(command.toArray(String[]::new)).requireDone();
  }
}
