package dev.otasigner.benchmarks;

import dev.otasigner.device.fleet.Fleet;
import dev.otasigner.device.fleet.FleetCredentials;
import dev.otasigner.device.fleet.FleetPlan;
import dev.otasigner.device.fleet.FleetReport;
import dev.otasigner.device.lab.ServiceUnderTest;
import dev.otasigner.device.lab.ServiceUnderTest.Tls;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A fleet of two cohorts, TLS 1.2 with RSA-2048 and TLS 1.3 with P-256, takes an upgrade from one
 * service; and the same devices, copied cell by cell before, take it from nginx that serves the
 * same files. Devices and server share the machine.
 */
final class FleetLoad {
  private static final int DEVICES = Integer.getInteger("fleet.devices", 2000);
  private static final int CONCURRENCY = Integer.getInteger("fleet.concurrency", 16);
  private static final int IMAGE_BYTES = 64 * 1024;
  private static final String OLD_CHANNEL = "legacy";
  private static final String FACTORY = "1.1.0";
  private static final String OLD_UPGRADE = "1.2.0";
  private static final String UPGRADE = "1.3.0";
  private static final double NANOS = 1e9;

  private final ServiceUnderTest service;
  private final PrintStream out;

  private FleetLoad(ServiceUnderTest service, PrintStream out) {
    this.service = service;
    this.out = out;
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    System.setProperty(ServiceUnderTest.PROGRAM, launcher.toString());
    try (ServiceUnderTest service = ServiceUnderTest.start();
        FleetYardstick nginx = FleetYardstick.prepare()) {
      new FleetLoad(service, out).measure(nginx);
    }
  }

  private void measure(FleetYardstick nginx) throws IOException, RejectedException {
    int legacy = service.openListener("legacy", Tls.LEGACY);
    List<String> anchors = List.of("server", nginx.anchor("rsa"), nginx.anchor("ec"));
    String old = service.addProfile(Tls.LEGACY, legacy, anchors, "manifest");
    String modern = service.addProfile(Tls.MODERN, service.devicePort(), anchors, "manifest");
    service.post(products("channels"), Json.object().put("name", OLD_CHANNEL).build());
    service.sign(FACTORY, image(1), old, "manifest");
    service.sign("1.1.1", image(2), modern, "manifest");

    System.gc();
    long heapBefore = heap();
    FleetYardstick.Witness witness = new FleetYardstick.Witness();
    Supplier<Server> factory = enrolmentListener();
    Fleet fleet =
        new Fleet(
            plan(),
            Fleet.Settings.PLAIN,
            () -> witness.of(factory.get()),
            new TlsDialling(Map.of(), Timeouts.DEFAULT),
            Clock.systemUTC());
    FleetCredentials secrets = new FleetCredentials.Secrets(manufacture(fleet));
    fleet.enrol(secrets);
    long perDevice = (heap() - heapBefore) / DEVICES;
    out.println(
        "enrolled "
            + DEVICES
            + " devices in "
            + fleet.report().enrolling().toSeconds()
            + " s; heap for each "
            + perDevice / 1000
            + " kB");

    service.sign(OLD_UPGRADE, image(3), old, "manifest");
    service.sign(UPGRADE, image(4), modern, "manifest");
    publish(OLD_CHANNEL, OLD_UPGRADE);
    publish(ServiceUnderTest.CHANNEL, UPGRADE);
    nginx.start(service.data().resolve("catalogue"), witness.authorities());
    Map<Integer, Integer> ports =
        Map.of(legacy, nginx.legacyPort(), service.devicePort(), nginx.modernPort());
    Fleet twin = fleet.copy(new TlsDialling(ports, Timeouts.DEFAULT), Clock.systemUTC());

    head();
    Figures ours = run(fleet, () -> service.process().info().totalCpuDuration().orElseThrow());
    row("the service", ours);
    long heapAfter = (heap() - heapBefore) / (2L * DEVICES);
    Figures nginxs = run(twin, nginx::cpu);
    row("nginx, the same files and devices", nginxs);
    out.println(
        String.format(
            Locale.ROOT,
            "%nratio of handshakes for a second of the server's processor time: %.2f; heap for each"
                + " device after its upgrade %d kB",
            ours.handshakesPerCpuSecond() / nginxs.handshakesPerCpuSecond(),
            heapAfter / 1000));
  }

  /** What one run showed. */
  private record Figures(FleetReport report, double serverSeconds, double ownSeconds) {
    double seconds() {
      return report.running().toNanos() / NANOS;
    }

    double handshakesPerCpuSecond() {
      return report.handshakes() / serverSeconds;
    }
  }

  private static Figures run(Fleet fleet, Supplier<Duration> cpu) throws IOException {
    Duration server = cpu.get();
    Duration own = ownCpu();
    fleet.run();
    return new Figures(
        fleet.report(),
        cpu.get().minus(server).toNanos() / NANOS,
        ownCpu().minus(own).toNanos() / NANOS);
  }

  private static Duration ownCpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
  }

  private void head() {
    out.println(
        "\n| "
            + DEVICES
            + " devices take an image of 64 KiB, "
            + CONCURRENCY
            + " at a time | devices/s | handshakes/s | handshakes | requests | MB of bodies | not at"
            + " the head | CPU of the server, s | of the emulator, s |");
    out.println("|---|---|---|---|---|---|---|---|---|");
  }

  private void row(String name, Figures figures) {
    FleetReport report = figures.report();
    out.println(
        String.format(
            Locale.ROOT,
            "| %s | %.1f | %.1f | %d | %d | %.1f | %d | %.1f | %.1f |",
            name,
            report.atHead() / figures.seconds(),
            report.handshakes() / figures.seconds(),
            report.handshakes(),
            report.wire().getOrDefault("requests", 0L),
            report.wire().getOrDefault("bytes", 0L) / 1e6,
            report.stranded(),
            figures.serverSeconds(),
            figures.ownSeconds()));
    report.wire().forEach((kind, count) -> handshakes(kind, count));
    if (report.stranded() > 0 || !report.troubles().isEmpty()) {
      out.println("troubles: " + report.troubles() + ", first: " + report.named());
    }
  }

  private void handshakes(String kind, long count) {
    if (kind.startsWith("handshake")) {
      out.println("(" + count + " " + kind + ")");
    }
  }

  private static FleetPlan plan() {
    return new FleetPlan(
        ServiceUnderTest.PRODUCT,
        1,
        CONCURRENCY,
        Duration.ofHours(1),
        Map.of(),
        List.of(
            cohort("rsa", OLD_CHANNEL, FACTORY), cohort("ec", ServiceUnderTest.CHANNEL, "1.1.1")));
  }

  private static FleetPlan.Cohort cohort(String name, String channel, String build) {
    try {
      return new FleetPlan.Cohort(
          name,
          DEVICES / 2,
          new DeviceState.Hardware(ServiceUnderTest.HARDWARE, ServiceUnderTest.REVISION),
          ServiceUnderTest.BOOTLOADER,
          ImageVersion.parseLenient(build),
          channel,
          ClockClass.RTC,
          name + "-",
          Optional.empty());
    } catch (RejectedException e) {
      throw new IllegalArgumentException(build, e);
    }
  }

  /** One-time secrets of all devices. */
  private Map<String, String> manufacture(Fleet fleet) throws IOException, RejectedException {
    Map<String, String> secrets = new HashMap<>();
    for (String id : fleet.toEnrol()) {
      boolean old = id.startsWith("rsa-");
      secrets.put(
          id,
          service
              .post(
                  products("devices"),
                  Json.object()
                      .put("deviceId", id)
                      .put("hardware", ServiceUnderTest.HARDWARE)
                      .put("revision", ServiceUnderTest.REVISION)
                      .put("bootloader", ServiceUnderTest.BOOTLOADER)
                      .put("channel", old ? OLD_CHANNEL : ServiceUnderTest.CHANNEL)
                      .put("clockClass", "rtc")
                      .put("build", old ? FACTORY : "1.1.1")
                      .build())
              .string("secret"));
    }
    return secrets;
  }

  private Supplier<Server> enrolmentListener() throws IOException {
    Digest anchor = service.serverAnchor("p-256");
    Route route = new Route("localhost", service.enrolPort());
    return () ->
        new Uplink(
            List.of(route),
            new TlsDialer(
                TlsPolicy.ofFactory(anchor),
                Optional.empty(),
                Clock.systemUTC().instant(),
                true,
                Timeouts.DEFAULT),
            Timeouts.DEFAULT);
  }

  private void publish(String channel, String version) throws IOException {
    service.post(
        products("releases"),
        Json.object()
            .put("channel", channel)
            .put("hardware", ServiceUnderTest.HARDWARE)
            .put("version", version)
            .build());
  }

  private static String products(String what) {
    return "/api/v1/products/" + ServiceUnderTest.PRODUCT + "/" + what;
  }

  private static byte[] image(int seed) {
    byte[] image = new byte[IMAGE_BYTES];
    new Random(seed).nextBytes(image);
    return image;
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
