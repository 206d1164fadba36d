package dev.otasigner.benchmarks;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * SoftHSM with one token. The name of its configuration stands in the environment, where {@code
 * run} puts it, since the library looks nowhere else.
 */
final class BenchHsm {
  static final String PIN = "246810";
  private static final List<Path> MODULES =
      List.of(
          Path.of("/usr/lib/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
          Path.of("/usr/local/lib/softhsm/libsofthsm2.so"));

  private final Path module;

  private BenchHsm(Path module) {
    this.module = module;
  }

  static boolean isThere() {
    return MODULES.stream().anyMatch(Files::isRegularFile)
        && System.getenv("SOFTHSM2_CONF") != null;
  }

  /** A fresh token, and a worker's directory whose file names it. */
  static BenchHsm named(Path worker) throws IOException {
    BenchHsm hsm =
        new BenchHsm(MODULES.stream().filter(Files::isRegularFile).findFirst().orElseThrow());
    String label = "bench-" + ProcessHandle.current().pid();
    Yardstick.output(
        List.of(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            "13579",
            "--pin",
            PIN));
    Path pin = worker.resolve("pin");
    DurableFile.createDirectories(worker);
    DurableFile.replace(pin, PIN.getBytes(StandardCharsets.UTF_8));
    String configuration =
        "{\"schema\":1,\"token\":\"pkcs11:token="
            + label
            + "?module-path="
            + hsm.module
            + "&pin-source=file:"
            + pin
            + "\",\"approvers\":[],\"rules\":[],\"defaults\":["
            + "{\"purpose\":\"manifest\",\"minApprovals\":0}]}";
    DurableFile.replace(
        worker.resolve("worker.json"), configuration.getBytes(StandardCharsets.UTF_8));
    return hsm;
  }

  Path module() {
    return module;
  }
}
