package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** TUF clients of the test's product: one that has followed all along, and new ones. */
final class Follower {
  private static final String REPOSITORY =
      "/catalogue/" + RegisteredProduct.PRODUCT + "/" + RegisteredProduct.LINEAGE + "/";
  private static final String HEAD =
      RegisteredProduct.CHANNEL + "/" + RegisteredProduct.HARDWARE + "/head.json";

  static final Duration PATIENCE = Duration.ofSeconds(40);

  private final Path directory;

  Follower(Path directory) {
    this.directory = directory;
  }

  /** The client that has followed all along, and a new one, accept what is there and find it. */
  void follow(ServiceProcess service, String version) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    boolean found = headOf(service, directory.resolve("follower"), version);
    while (!found && Instant.now().isBefore(end)) {
      pause();
      found = headOf(service, directory.resolve("follower"), version);
    }
    assertThat(found).as("the follower finds " + version).isTrue();
    Path fresh = Files.createTempDirectory(directory, "fresh");
    assertThat(headOf(service, fresh, version)).as("a new client finds " + version).isTrue();
  }

  /** Whether the TUF client of this store accepts what is there, and finds the release. */
  static boolean headOf(ServiceProcess service, Path store, String version) throws Exception {
    Operator client = Operator.in(store);
    String base = service.address() + REPOSITORY;
    Path metadata = store.resolve("metadata");
    if (!Files.exists(metadata)) {
      Files.createDirectories(metadata);
      Path root = store.resolve("root.json");
      try (InputStream in = URI.create(base + "metadata/1.root.json").toURL().openStream()) {
        Files.write(root, in.readAllBytes());
      }
      client
          .run("tuf", "--metadata-dir", metadata.toString(), "init", root.toString())
          .requireDone();
    }
    Path targets = Files.createDirectories(store.resolve("targets"));
    delete(targets);
    client
        .run(
            "tuf",
            "--metadata-url",
            base + "metadata/",
            "--metadata-dir",
            metadata.toString(),
            "--target-name",
            HEAD,
            "--target-dir",
            targets.toString(),
            "--target-base-url",
            base + "targets/",
            "download")
        .requireDone();
    try (Stream<Path> files = Files.walk(targets)) {
      Path head = files.filter(Files::isRegularFile).findFirst().orElseThrow();
      ImageVersion wanted = ImageVersion.parse(version);
      return Head.read(Files.readAllBytes(head)).candidates().stream()
          .anyMatch(c -> c.version().equals(wanted));
    }
  }

  private static void delete(Path targets) throws IOException {
    try (Stream<Path> files = Files.walk(targets)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A process of its own cannot be given our clock. */
  static void pause() throws InterruptedException {
    Thread.sleep(250);
  }
}
