package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fleets at a service in this process; {@code FleetIT} has them dial a real one. */
class FleetTests {
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair KEYS = TestAuthority.rsaKeys();
  private static final int DEVICES = 6;
  private static final FaultRates TROUBLE = new FaultRates(0.01, 0.03, 0, 0.05);

  @TempDir Path directory;

  private final TestService service = new TestService(RSA, P384);

  private static final Clock STANDING = Clock.fixed(TestService.NOW, ZoneOffset.UTC);

  /** Done once, after the next check-in. */
  private Runnable released = () -> {};

  @BeforeEach
  void factory() {
    Made factory = build("33.0");
    service.factoryFile("bootloader", TestFleet.factoryBootloader().toJson().canonicalBytes());
    service.factoryFile("manifest", factory.envelope().toByteArray());
    service.factoryFile("profile", factory.profile().bytes().toByteArray());
    service.factoryFile("root", service.rootBytes("first"));
    service.factoryFile("image", factory.image("main"));
    service.release("first", factory);
  }

  @Test
  void allDevicesReachTheHead() throws Exception {
    service.release("first", build("34.0"));
    Fleet fleet = enrolled(plan(3), FaultRates.NONE, Optional.empty());
    fleet.run();
    FleetReport report = fleet.report();
    assertThat(report.cohorts().get(0).versions()).isEqualTo(Map.of("34.0.0+0", DEVICES));
    assertThat(report.cohorts().get(0).outcomes()).isEqualTo(Map.of("at-head", DEVICES));
    assertThat(report.stranded()).isZero();
    assertThat(report.named()).isEmpty();
  }

  @Test
  void theyReachItThroughPowerCutsAndBrokenConnections() throws Exception {
    service.release("first", build("34.0"));
    Fleet fleet = enrolled(plan(3), TROUBLE, Optional.empty());
    fleet.run();
    FleetReport report = fleet.report();
    assertThat(report.atHead()).as("%s", report.toJson()).isEqualTo(DEVICES);
    assertThat(report.faults()).containsKeys("cut", "reset");
    assertThat(report.troubles()).containsKeys("power-cut", "unreachable");
  }

  @Test
  void theSameSeedMeetsTheSameDevicesWithTheSameFaults() throws Exception {
    service.release("first", build("34.0"));
    Path flashes = Files.createDirectory(directory.resolve("first"));
    enrolled(plan(1), FaultRates.NONE, Optional.of(flashes));
    FleetReport first = runCopy(flashes, "a", plan(1));
    FleetReport again = runCopy(flashes, "b", plan(4));
    FleetReport other = runCopy(flashes, "c", withSeed(plan(1), 8));
    assertThat(again.faults()).isEqualTo(first.faults());
    assertThat(again.troubles()).isEqualTo(first.troubles());
    assertThat(List.of(other.faults(), other.troubles()))
        .isNotEqualTo(List.of(first.faults(), first.troubles()));
  }

  @Test
  void aFleetGoesOnFromItsFlashFiles() throws Exception {
    Path flashes = Files.createDirectory(directory.resolve("flashes"));
    Fleet before = enrolled(plan(2), FaultRates.NONE, Optional.of(flashes));
    before.run();
    int enrolments = count("POST /device/v1/enrol");
    service.release("first", build("34.0"));
    Fleet after = fleet(plan(2), FaultRates.NONE, Optional.of(flashes), Duration.ZERO);
    assertThat(after.toEnrol()).isEmpty();
    after.enrol(new FleetCredentials.Secrets(Map.of()));
    after.run();
    assertThat(after.report().atHead()).isEqualTo(DEVICES);
    assertThat(count("POST /device/v1/enrol")).isEqualTo(enrolments).isEqualTo(DEVICES);
  }

  @Test
  void aDeviceThatIsLeftBehindIsNamedWithItsReason() throws Exception {
    service.release("first", build("34.0"));
    service.tamper(
        "34.0.0+0.main.img",
        image -> {
          image[image.length / 2] ^= 1;
          return image;
        });
    Fleet fleet = enrolled(plan(2), FaultRates.NONE, Optional.empty());
    fleet.run();
    FleetReport report = fleet.report();
    assertThat(report.stranded()).isEqualTo(DEVICES);
    assertThat(report.cohorts().get(0).reasons())
        .isEqualTo(Map.of("target-digest-mismatch", DEVICES));
    assertThat(report.named())
        .hasSize(DEVICES)
        .allSatisfy(
            device -> {
              assertThat(device.version()).isEqualTo("33.0.0+0");
              assertThat(device.outcome()).isEqualTo("behind");
            });
  }

  @Test
  void aDeviceThatTheServiceTurnsDownIsReportedAndLeftOut() throws Exception {
    Fleet fleet = fleet(plan(2), FaultRates.NONE, Optional.empty(), Duration.ZERO);
    Map<String, String> secrets = new HashMap<>(secrets());
    secrets.put("gw-00002", "twice");
    fleet.enrol(new FleetCredentials.Secrets(secrets));
    fleet.run();
    FleetReport report = fleet.report();
    assertThat(report.atHead()).isEqualTo(DEVICES - 1);
    assertThat(report.named())
        .containsExactly(
            new FleetReport.Stranded(
                "gw-00002", "all", "none", "not-enrolled", "enrolment: HTTP 403"));
  }

  @Test
  void aDeviceThatStaysOnTakesWhatIsReleasedLater() throws Exception {
    Fleet fleet =
        fleet(plan(1), FaultRates.NONE, Optional.empty(), Duration.ofDays(20), new MovingClock());
    fleet.enrol(new FleetCredentials.Secrets(secrets()));
    Made later = build("34.0");
    released = () -> service.release("first", later);
    fleet.run();
    assertThat(fleet.report().cohorts().get(0).versions()).isEqualTo(Map.of("34.0.0+0", DEVICES));
  }

  /** It found nothing to take, and that is not enough. */
  @Test
  void aDeviceThatFoundNothingToTakeIsBehindOnceAnotherWasOfferedMore() throws Exception {
    Fleet fleet = enrolled(plan(1), FaultRates.NONE, Optional.empty());
    Made later = build("34.0");
    released = () -> service.release("first", later);
    fleet.run();
    FleetReport report = fleet.report();
    assertThat(report.cohorts().get(0).versions())
        .isEqualTo(Map.of("33.0.0+0", 1, "34.0.0+0", DEVICES - 1));
    assertThat(report.atHead()).isEqualTo(DEVICES - 1);
    assertThat(report.named())
        .hasSize(1)
        .first()
        .satisfies(device -> assertThat(device.outcome()).isEqualTo("behind"));
  }

  private int count(String request) {
    return (int) service.requests().stream().filter(request::equals).count();
  }

  private Made build(String version) {
    return TestBuild.of(version)
        .built(Instant.parse("2026-05-01T00:00:00Z"))
        .profile(
            TestFleet.factoryProfile()
                .knowsToo("ed25519")
                .lineage("first")
                .root(service.root("first"))
                .serverAnchors(Digest.of(new byte[0])))
        .make();
  }

  private static FleetPlan plan(int concurrency) {
    return new FleetPlan(
        TestFleet.PRODUCT,
        7,
        concurrency,
        Duration.ofHours(1),
        Map.of(),
        List.of(
            new FleetPlan.Cohort(
                "all",
                DEVICES,
                TestFleet.HARDWARE,
                "boot-1",
                TestFleet.version("33.0"),
                TestFleet.CHANNEL,
                ClockClass.RTC,
                "gw-",
                Optional.empty())));
  }

  private static FleetPlan withSeed(FleetPlan plan, long seed) {
    return new FleetPlan(
        plan.product(),
        seed,
        plan.concurrency(),
        plan.pollInterval(),
        plan.ports(),
        plan.cohorts());
  }

  private static Map<String, String> secrets() {
    Map<String, String> secrets = new HashMap<>();
    for (int number = 1; number <= DEVICES; number++) {
      secrets.put(plan(1).cohorts().get(0).deviceId(number), "once");
    }
    return secrets;
  }

  private Fleet enrolled(FleetPlan plan, FaultRates faults, Optional<Path> flashes)
      throws IOException, RejectedException {
    Fleet fleet = fleet(plan, faults, flashes, Duration.ZERO);
    fleet.enrol(new FleetCredentials.Secrets(secrets()));
    return fleet;
  }

  private Fleet fleet(FleetPlan plan, FaultRates faults, Optional<Path> flashes, Duration stay) {
    return fleet(plan, faults, flashes, stay, STANDING);
  }

  private Fleet fleet(
      FleetPlan plan, FaultRates faults, Optional<Path> flashes, Duration stay, Clock clock) {
    return new Fleet(
        plan,
        new Fleet.Settings(flashes, 1e6, faults, 10, stay),
        OneAtATime::new,
        (profile, identity, now, clockRuns) -> new OneAtATime(),
        clock);
  }

  /** The same devices once more, under the plan's seed. */
  private FleetReport runCopy(Path flashes, String name, FleetPlan plan)
      throws IOException, RejectedException {
    Path copy = Files.createDirectory(directory.resolve(name));
    try (Stream<Path> files = Files.list(flashes)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(flashes.relativize(file)));
      }
    }
    Fleet fleet = fleet(plan, TROUBLE, Optional.of(copy), Duration.ZERO);
    fleet.enrol(new FleetCredentials.Secrets(Map.of()));
    fleet.run();
    return fleet.report();
  }

  /** A millisecond later each time it is asked. */
  private static final class MovingClock extends Clock {
    private final AtomicLong millis = new AtomicLong(TestService.NOW.toEpochMilli());

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis.incrementAndGet());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /** The service in this process takes one request after the other. */
  private final class OneAtATime implements Server {
    private final Server server =
        service
            .dialling()
            .under(
                TestFleet.factoryProfile().read(),
                service.rsaIdentity(KEYS),
                TestService.NOW,
                true);

    @Override
    public byte[] get(String path, long maxBytes) throws IOException {
      synchronized (service) {
        return server.get(path, maxBytes);
      }
    }

    @Override
    public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
        throws IOException {
      synchronized (service) {
        byte[] answer = server.post(path, json, expectedStatus, maxBytes);
        if (path.endsWith("checkin")) {
          released.run();
          released = () -> {};
        }
        return answer;
      }
    }

    @Override
    public Download download(String path, long offset) throws IOException {
      synchronized (service) {
        return server.download(path, offset);
      }
    }

    @Override
    public Optional<Negotiated> negotiated() {
      return server.negotiated();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
