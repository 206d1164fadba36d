package dev.otasigner.device.cli;

import dev.otasigner.device.fleet.FaultRates;
import dev.otasigner.device.fleet.Fleet;
import dev.otasigner.device.fleet.FleetCredentials;
import dev.otasigner.device.fleet.FleetPlan;
import dev.otasigner.device.fleet.FleetReport;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Thousands of devices at once. */
@Command(
    name = "fleet",
    description = {
      "Run a fleet of devices against a service: enrol those that are not there yet, switch all on",
      "until nothing is left to take, and tell who runs what."
    },
    mixinStandardHelpOptions = true)
final class FleetCommand implements Callable<Integer> {
  private static final int MAX_PEM = 64 * 1024;

  @Option(
      names = "--plan",
      required = true,
      paramLabel = "FILE",
      description = "the cohorts, the seed and the ports, in JSON")
  private Path planFile = Path.of("");

  @Option(
      names = "--service",
      paramLabel = "https://HOST:PORT",
      description = "the service's enrolment listener; not needed when every device is enrolled")
  private @Nullable URI service;

  @Option(
      names = "--server-anchor",
      paramLabel = "DIGEST",
      description = "SHA-256 of the SPKI of the service's certificate authority, in hex")
  private @Nullable String serverAnchor;

  @Option(
      names = "--secrets",
      paramLabel = "FILE",
      description = "one-time secrets, a device a line: DEVICE-ID,SECRET; - is standard input")
  private @Nullable Path secretsFile;

  @Option(
      names = "--factory-cert",
      paramLabel = "FILE",
      description = "certificate of a factory's authority, by which devices are born and enrolled")
  private @Nullable Path factoryCert;

  @Option(
      names = "--factory-key",
      paramLabel = "FILE",
      description = "its private key: PEM, PKCS#8, not encrypted")
  private @Nullable Path factoryKey;

  @Option(
      names = "--flash-dir",
      paramLabel = "DIR",
      description = {
        "where each device has its flash file; a fleet that was killed goes on from there.",
        "Without it the devices are in memory and gone with the process."
      })
  private @Nullable Path flashDirectory;

  @Option(
      names = "--speed",
      defaultValue = "1",
      paramLabel = "N",
      description = "device time runs N times faster than real time")
  private double speed = 1;

  @Option(
      names = "--fault",
      split = ",",
      paramLabel = "NAME=RATE",
      description = {
        "what goes wrong how often, from 0 to 1: cut (the power, of flash operations),",
        "reset and slow (of requests), refuse (of downloads)"
      })
  private Map<String, Double> faults = new HashMap<>();

  @Option(
      names = "--for",
      defaultValue = "PT0S",
      paramLabel = "DURATION",
      description = {
        "devices stay on for so much device time, such as P2D, and ask again at the plan's interval;",
        "without it each ends when nothing is left to take"
      })
  private Duration stay = Duration.ZERO;

  @Option(
      names = "--tries",
      defaultValue = "20",
      paramLabel = "N",
      description = "a device that got nowhere so often in a row is given up; default 20")
  private int tries = 20;

  @Option(
      names = "--allow-stranded",
      defaultValue = "0",
      paramLabel = "N",
      description = "so many devices may end behind the head of their channel; default 0")
  private int allowStranded;

  @Option(names = "--json", description = "print one JSON document at the end")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, RejectedException {
    FleetPlan plan = plan();
    Fleet fleet =
        new Fleet(
            plan,
            settings(),
            enrolmentListener(),
            new TlsDialling(plan.ports(), Timeouts.DEFAULT),
            Clock.systemUTC());
    FleetCredentials credentials = credentials(fleet.toEnrol());
    PrintWriter view = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
    FleetView shown = new FleetView(fleet::report, view, isTerminal()).start();
    try {
      fleet.enrol(credentials);
      fleet.run();
    } finally {
      shown.close();
    }
    return report(fleet.report());
  }

  /**
   * The launcher asks for the console that is there on a terminal only, as it was before JDK 22.
   */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    return System.console() != null;
  }

  private int report(FleetReport report) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(new String(report.toJson().textBytes(), StandardCharsets.UTF_8));
    } else {
      for (FleetReport.Stranded device : report.named()) {
        out.println(
            "stranded: "
                + device.deviceId()
                + " of "
                + device.cohort()
                + " runs "
                + device.version()
                + ": "
                + device.outcome()
                + (device.reason().isEmpty() ? "" : ", " + device.reason()));
      }
      if (report.stranded() > report.named().size()) {
        out.println("and " + (report.stranded() - report.named().size()) + " more");
      }
      out.println("fleet: " + report.atHead() + " at head, " + report.stranded() + " stranded");
    }
    return report.stranded() > allowStranded ? ExitCode.REFUSED : ExitCode.DONE;
  }

  private FleetPlan plan() throws IOException {
    byte[] bytes = bytes("--plan", planFile, FleetPlan.MAX_BYTES);
    try {
      return FleetPlan.read(bytes);
    } catch (RejectedException e) {
      throw wrong("--plan: " + planFile + ": " + e.getMessage());
    }
  }

  private Fleet.Settings settings() {
    try {
      return new Fleet.Settings(
          Optional.ofNullable(flashDirectory),
          speed,
          FaultRates.of(faults, FaultRates.NONE),
          tries,
          stay);
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private Supplier<Server> enrolmentListener() {
    if (service == null && serverAnchor == null) {
      return () -> {
        throw new IllegalStateException("nothing is to be enrolled");
      };
    }
    if (service == null || serverAnchor == null) {
      throw wrong("--service and --server-anchor belong together");
    }
    String host = service.getHost();
    if (!"https".equals(service.getScheme()) || host == null || service.getPort() < 1) {
      throw wrong("--service: https://HOST:PORT is expected");
    }
    TlsPolicy policy;
    try {
      policy = TlsPolicy.ofFactory(Digest.parse(serverAnchor));
    } catch (RejectedException e) {
      throw wrong("--server-anchor: " + e.getMessage());
    }
    Route route = new Route(host, service.getPort());
    return () ->
        new Uplink(
            List.of(route),
            new TlsDialer(
                policy, Optional.empty(), Clock.systemUTC().instant(), true, Timeouts.DEFAULT),
            Timeouts.DEFAULT);
  }

  private FleetCredentials credentials(List<String> toEnrol) throws IOException {
    if (toEnrol.isEmpty()) {
      return new FleetCredentials.Secrets(Map.of());
    }
    if (service == null) {
      throw wrong(
          "--service and --server-anchor are expected: "
              + toEnrol.size()
              + " devices are not enrolled yet");
    }
    if ((secretsFile == null) == (factoryCert == null)) {
      throw wrong("exactly one of --secrets and --factory-cert is expected");
    }
    if ((factoryCert == null) != (factoryKey == null)) {
      throw wrong("--factory-cert and --factory-key belong together");
    }
    FleetCredentials credentials = read();
    List<String> without = toEnrol.stream().filter(id -> !credentials.isFor(id)).sorted().toList();
    if (!without.isEmpty()) {
      throw wrong("--secrets: none for " + without.get(0) + ", " + without.size() + " in all");
    }
    return credentials;
  }

  private FleetCredentials read() throws IOException {
    if (secretsFile != null) {
      String csv = text("--secrets", secretsFile, FleetCredentials.MAX_SECRETS);
      try {
        return FleetCredentials.secrets(csv);
      } catch (IOException e) {
        throw wrong("--secrets: " + e.getMessage());
      }
    }
    String certificate = text("--factory-cert", Objects.requireNonNull(factoryCert), MAX_PEM);
    String key = text("--factory-key", Objects.requireNonNull(factoryKey), MAX_PEM);
    try {
      return FleetCredentials.factory(certificate, key, Clock.systemUTC());
    } catch (IOException e) {
      throw wrong("--factory-cert, --factory-key: " + e.getMessage());
    }
  }

  private String text(String option, Path file, int maxBytes) throws IOException {
    return new String(bytes(option, file, maxBytes), StandardCharsets.UTF_8);
  }

  private byte[] bytes(String option, Path file, int maxBytes) throws IOException {
    try (InputStream in = file.toString().equals("-") ? System.in : Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw wrong(option + ": over " + maxBytes + " bytes");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw wrong(option + ": " + file + " is not there");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
