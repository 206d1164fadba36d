package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.CHANNEL;
import static dev.otasigner.cli.demo.World.HARDWARE;
import static dev.otasigner.cli.demo.World.PRODUCT;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** More devices of 2019, in one process, on bad power and a bad line. */
final class Crowd {
  static final int DEVICES = 6;
  private static final String COHORT = "attic";

  private final World world;

  Crowd(World world) {
    this.world = world;
  }

  /** All of them enrol with the factory's build and go on to this one, whatever happens. */
  String takes(String version) throws IOException, StepFailedException {
    Program fleet = world.device("fleet");
    List<String> secrets = new ArrayList<>();
    for (int number = 1; number <= DEVICES; number += 2) {
      CompletableFuture<Output> one = Factory.adding(world, id(number));
      CompletableFuture<Output> other = Factory.adding(world, id(number + 1));
      secrets.add(id(number) + "," + Answers.text(Program.ended(one).requireDone(), "secret"));
      secrets.add(
          id(number + 1) + "," + Answers.text(Program.ended(other).requireDone(), "secret"));
    }
    Files.write(fleet.directory().resolve("secrets.csv"), secrets);
    Files.writeString(fleet.directory().resolve("plan.json"), plan());
    Output ended =
        fleet.run(
            "fleet",
            "--plan",
            "plan.json",
            "--service",
            "https://localhost:" + world.ports().enrol(),
            "--server-anchor",
            Factory.serverAnchor(world),
            "--secrets",
            "secrets.csv",
            "--flash-dir",
            "flash",
            "--speed",
            "60",
            "--json");
    return told(ended.requireDone().json(), version);
  }

  private static String id(int number) {
    return String.format(Locale.ROOT, "%s-%05d", COHORT, number);
  }

  private static String plan() {
    return String.format(
        Locale.ROOT,
        """
        {"schema": 1, "product": "%s", "seed": 2019, "concurrency": 2,
         "cohorts": [{"name": "%s", "count": %d, "hardware": "%s", "revision": "a",
                      "bootloader": "boot-2019", "build": "34.11", "channel": "%s",
                      "idPrefix": "%s-", "faultsPerMille": {"cut": 1, "reset": 50}}]}
        """,
        PRODUCT,
        COHORT,
        DEVICES,
        HARDWARE,
        CHANNEL,
        COHORT);
  }

  private static String told(Fields report, String version) throws StepFailedException {
    try {
      Fields cohort = report.objects("cohorts", 1).get(0);
      long there = cohort.object("versions").integer(version, 0, DEVICES);
      if (there != DEVICES) {
        throw new StepFailedException(there + " of " + DEVICES + " run " + version);
      }
      Fields faults = report.object("faults");
      return faults.integer("cut", 1, Long.MAX_VALUE)
          + " power cuts, "
          + faults.integer("reset", 1, Long.MAX_VALUE)
          + " broken connections";
    } catch (RejectedException e) {
      throw new StepFailedException("the fleet's report: " + e.getMessage());
    }
  }
}
