package dev.otasigner.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The three programs as this build has packaged them, laid out as the launcher starts them. */
final class Programs {
  private Programs() {}

  /** Lays them out in the directory, for {@code SIGNER_PROGRAMS}. */
  static void layOut(Path directory) throws IOException, InterruptedException {
    Files.copy(packaged("signer-cli", "-all.jar"), directory.resolve("signer-cli.jar"));
    Files.copy(packaged("device-emulator", "-all.jar"), directory.resolve("device-emulator.jar"));
    Path service = directory.resolve("signer-service.jar");
    Files.copy(packaged("signer-service", "-exec.jar"), service);
    Process extract =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djarmode=tools",
                "-jar",
                service.toString(),
                "extract",
                "--destination",
                directory.resolve("service").toString())
            .inheritIO()
            .start();
    if (extract.waitFor() != 0) {
      throw new IOException(service + ": cannot be extracted");
    }
  }

  private static Path packaged(String module, String ending) throws IOException {
    try (Stream<Path> files = Files.list(Repository.root().resolve(module).resolve("target"))) {
      List<Path> jars =
          files.filter(f -> String.valueOf(f.getFileName()).endsWith(ending)).toList();
      if (jars.size() != 1) {
        throw new IOException(module + ": one " + ending + " is expected, found " + jars);
      }
      return jars.get(0);
    }
  }
}
