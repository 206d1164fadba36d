package dev.otasigner.benchmarks;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Whole signing requests over HTTP: policy, durable intent, signatures, the device's judgement, the
 * audit log, the build. Clients and service share the processors.
 */
final class Requests {
  private static final Duration WARM_UP = Duration.ofSeconds(40);
  private static final Duration MEASURED = Duration.ofSeconds(20);
  private static final Duration BARE = Duration.ofSeconds(5);

  private final Path launcher;
  private final Path desk;

  private Requests(Path launcher, Path desk) {
    this.launcher = launcher;
    this.desk = desk;
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    out.println(
        "\n| signing requests of "
            + ServiceLoad.CLIENTS
            + " clients | a second | CPU of the service, ms | yardstick | ratio | goal |");
    out.println("|---|---|---|---|---|---|");
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      Requests requests = new Requests(launcher, desk);
      requests.inSoftware(out);
      if (BenchHsm.isThere()) {
        requests.inModule(out);
      }
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void inSoftware(PrintStream out) throws IOException, RejectedException {
    ServiceLoad.Figure figure =
        figure(
            "software",
            Map.of(),
            new ServiceLoad.Builds(SignatureSuite.ECDSA_P256_SHA256.code(), "software", true));
    out.println(
        String.format(
            Locale.ROOT,
            "| P-256 in software, image and manifest | %.0f | %.1f | | | 500 a second |",
            figure.perSecond(),
            figure.cpuMillis()));
  }

  /** One signature a request, beside what one thread gets out of the module in the same run. */
  private void inModule(PrintStream out) throws IOException, RejectedException {
    SignatureSuite suite = SignatureSuite.RSA_PKCS1_3072_SHA256;
    Path worker = desk.resolve("worker");
    BenchHsm hsm = BenchHsm.named(worker);
    double before = bare(hsm, suite);
    ServiceLoad.Figure figure =
        figure(
            "module",
            Map.of("SIGNER_HSM_DIRECTORY", worker.toString()),
            new ServiceLoad.Builds(suite.code(), "hsm", false));
    double bare = (before + bare(hsm, suite)) / 2;
    out.println(
        String.format(
            Locale.ROOT,
            "| RSA-3072 in SoftHSM, manifest | %.0f | %.1f | %.0f, bare on one thread | %.2f | 0.8 |",
            figure.perSecond(),
            figure.cpuMillis(),
            bare,
            figure.perSecond() / bare));
  }

  private ServiceLoad.Figure figure(
      String name, Map<String, String> environment, ServiceLoad.Builds wanted)
      throws IOException, RejectedException {
    try (ServiceLoad service =
        ServiceLoad.start(launcher, desk.resolve(name), environment, wanted)) {
      service.measure(WARM_UP);
      return service.measure(MEASURED);
    }
  }

  private static double bare(BenchHsm hsm, SignatureSuite suite) throws IOException {
    try {
      BareKey key = BareKey.ofModule(hsm, suite);
      byte[] message = new byte[256];
      long begun = System.nanoTime();
      int made = 0;
      while (System.nanoTime() - begun < BARE.toNanos()) {
        key.sign(message);
        made++;
      }
      return made / ((System.nanoTime() - begun) / 1e9);
    } catch (GeneralSecurityException e) {
      throw new IOException("the bare key does not sign", e);
    }
  }
}
