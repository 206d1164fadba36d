package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The service is killed between any two steps of signing, of publishing and of registering, as by
 * kill -9 or a power cut, and started again on the same directory: the work is finished, and a TUF
 * client that has followed all along accepts the catalogue each time, as does a new one.
 *
 * <p>One directory lives through all of it: what one death leaves is what the next life begins
 * with, and the life that has recovered is the next to die.
 */
class KilledServiceIT {
  /** Where nothing listens: no device is on record. */
  private static final int PORT = 31_314;

  /** In the order of docs/explanation/signing-cycle.md. */
  private static final List<String> SIGNING =
      List.of(
          "signing.received",
          "signing.judged",
          "signing.approved",
          "signing.intent-durable",
          "signing.stored",
          "signing.signed",
          "signing.accepted",
          "signing.ready");

  /** Each with how often it is passed, where it is passed more than once for one release. */
  private static final List<Map.Entry<String, Integer>> PUBLISHING =
      List.of(
          Map.entry("release.decided", 1),
          Map.entry("catalogue.versions", 1),
          Map.entry("catalogue.staged", 1),
          Map.entry("catalogue.fenced", 1),
          Map.entry("catalogue.file", 4), // head, manifest, image, audit checkpoint
          Map.entry("catalogue.role", 2), // the channel's and the audit log's
          Map.entry("catalogue.snapshot", 1),
          Map.entry("catalogue.accepted", 1),
          Map.entry("catalogue.timestamp", 1),
          Map.entry("release.published", 1));

  /** Passed when a channel, a finished build or a lineage is new. */
  private static final String NEW_CHANNEL = "catalogue.targets";

  private static final List<String> REGISTERING = List.of("build.stored", "build.registered");
  private static final String NEW_LINEAGE = "catalogue.root";

  /** Ends that no step follows by itself: nothing is left that a death could cut off. */
  private static final Set<String> ENDS = Set.of("signing.failed");

  private static final Pattern PASSED = Pattern.compile("\\bpassed\\(\"([^\"]+)\"\\)");

  @TempDir Path directory;

  private int minor = 10;

  @Test
  void everyMilestoneThatTheServicePassesIsOneItDiesAt() throws IOException {
    Set<String> passed = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Repository.root().resolve("signer-service/src/main"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        Matcher milestone = PASSED.matcher(Files.readString(file));
        while (milestone.find()) {
          passed.add(milestone.group(1));
        }
      }
    }
    Set<String> deaths = new TreeSet<>(ENDS);
    deaths.addAll(SIGNING);
    deaths.addAll(KilledWorkIT.APPROVING);
    deaths.addAll(KilledWorkIT.UPLOADING);
    deaths.addAll(KilledWorkIT.DIGESTS);
    deaths.add(KilledWorkIT.REMOVING);
    deaths.addAll(KilledWorkIT.PRUNING);
    PUBLISHING.forEach(milestone -> deaths.add(milestone.getKey()));
    deaths.addAll(REGISTERING);
    deaths.addAll(List.of(NEW_CHANNEL, NEW_LINEAGE));
    assertThat(deaths).isEqualTo(passed);
  }

  @Test
  void everyDeathBetweenTwoStepsIsRecoveredFrom() throws Exception {
    Path data = directory.resolve("data");
    RegisteredProduct product;
    String profile;
    try (ServiceProcess service = ServiceProcess.start(data)) {
      product = RegisteredProduct.at(service, directory);
      profile = product.addProfile("p-384", PORT);
      product.sign("34.10", profile).requireDone();
      product.publish("34.10").requireDone();
      new Follower(directory).follow(service, "34.10.0+0");
    }
    List<String> finished = finishedElsewhere(data, product, profile);
    try (Lives lives = new Lives(data, directory.resolve("halt"), product)) {
      for (String milestone : SIGNING) {
        String version = next();
        lives.dieAt(milestone, 1, () -> product.sign(version, profile));
        publishOnceReady(product, version);
        new Follower(directory).follow(lives.now(), version + ".0+0");
      }
      for (Map.Entry<String, Integer> milestone : PUBLISHING) {
        for (int time = 1; time <= milestone.getValue(); time++) {
          String version = next();
          product.sign(version, profile).requireDone();
          lives.dieAt(milestone.getKey(), time, () -> product.publish(version));
          new Follower(directory).follow(lives.now(), version + ".0+0");
        }
      }
      String last = next();
      product.sign(last, profile).requireDone();
      product
          .engineer()
          .run("channels", "add", "beta", "--product", RegisteredProduct.PRODUCT)
          .requireDone();
      lives.dieAt(NEW_CHANNEL, 1, () -> product.publish(last));
      new Follower(directory).follow(lives.now(), last + ".0+0");
      for (int i = 0; i < REGISTERING.size(); i++) {
        String version = finished.get(i);
        lives.dieAt(REGISTERING.get(i), 1, () -> product.push(version));
        boolean registered = product.publish(version).status() == 0;
        assertThat(registered).isEqualTo(REGISTERING.get(i).equals("build.registered"));
        if (!registered) {
          product.push(version).requireDone();
          product.publish(version).requireDone();
        }
        new Follower(directory).follow(lives.now(), version + ".0+0");
      }
      lives.dieAt(NEW_LINEAGE, 1, () -> product.addLineage("next", "p-384"));
      product.addLineage("next", "p-384").requireDone();
      new Follower(directory).follow(lives.now(), finished.get(1) + ".0+0");
      assertThat(lives.deaths()).isEqualTo(SIGNING.size() + 14 + 1 + REGISTERING.size() + 1);
    }
  }

  /** Builds of a service with the same keys that this one knows nothing of. */
  private List<String> finishedElsewhere(Path data, RegisteredProduct product, String profile)
      throws IOException {
    Path twin = directory.resolve("twin");
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.toList()) {
        Files.copy(file, twin.resolve(data.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    List<String> versions = List.of("34.60", "34.61");
    try (ServiceProcess service = ServiceProcess.start(twin)) {
      product.signIn(service);
      for (String version : versions) {
        product.sign(version, profile).requireDone();
      }
    }
    return versions;
  }

  private String next() {
    minor++;
    return "34." + minor;
  }

  /** The request that was cut off is finished by the next start, without being asked. */
  private static void publishOnceReady(RegisteredProduct product, String version) throws Exception {
    Instant end = Instant.now().plus(Follower.PATIENCE);
    Operator.Answer answer = product.publish(version);
    while (answer.status() != 0 && Instant.now().isBefore(end)) {
      Follower.pause();
      answer = product.publish(version);
    }
    answer.requireDone();
  }
}
