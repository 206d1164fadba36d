package dev.otasigner.device.cli;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.Pacing;
import dev.otasigner.device.agent.CertificateEndedException;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.transport.ProxyInbox;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TufLimit;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Switches the device on. */
@Command(
    name = "run",
    description = "Switch the device on: boot, refresh, take what is offered, confirm, check in.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  @Mixin private FlashOption flash = new FlashOption();

  @Option(names = "--once", description = "for one update cycle (the default)")
  private boolean once;

  @Option(names = "--until-idle", description = "until nothing is left to take")
  private boolean untilIdle;

  @Option(
      names = "--stay",
      description = {
        "stay on: boot, ask the service, start the application, and take what is offered",
        "from then on; SIGTERM switches the device off"
      })
  private boolean stay;

  @Option(
      names = "--defer",
      defaultValue = "never",
      paramLabel = "never|until-next-boot|DURATION",
      description = "with --stay: how long the application has an upgrade wait that is offered")
  private String defer = "never";

  @Option(
      names = "--spread",
      defaultValue = "PT8S",
      paramLabel = "DURATION",
      description =
          "with --stay: the first call comes within this after a cold boot, PT10S at most")
  private Duration spread = Duration.ofSeconds(8);

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "with --stay: what the waits are drawn from (default: random)")
  private @Nullable Long seed;

  @Option(
      names = "--clock-offset",
      defaultValue = "PT0S",
      paramLabel = "DURATION",
      description = "how far the device's clock is ahead, such as P30D; -P1D is behind")
  private Duration clockOffset = Duration.ZERO;

  @Option(
      names = "--port-map",
      split = ",",
      paramLabel = "PORT:PORT",
      description = "dial the second port where the profile names the first, such as 993:10993")
  private List<String> portMap = new ArrayList<>();

  @Option(
      names = "--limit",
      paramLabel = "NAME=N",
      description = {
        "another limit for the catalogue than the common one, by the names of signer tuf;",
        "may be given several times"
      })
  private Map<TufLimit, Integer> limits = new EnumMap<>(TufLimit.class);

  @Option(names = "--json", description = "print one JSON document at the end")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final List<Json> taken = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if ((once ? 1 : 0) + (untilIdle ? 1 : 0) + (stay ? 1 : 0) > 1) {
      throw wrong("--once, --until-idle and --stay exclude each other");
    }
    if (stay && json) {
      throw wrong("--json prints one document at the end, and --stay has none");
    }
    Deferring.Wish wish = wish();
    Pacing pacing = pacing();
    Map<Integer, Integer> ports = ports();
    try (Flash chip = Flash.open(flash.file)) {
      EmulatedDevice device =
          new EmulatedDevice(
              chip,
              new DeviceClock(Clock.offset(Clock.systemUTC(), clockOffset)),
              new TlsDialling(ports, Timeouts.DEFAULT).withInbox(ProxyInbox.of(flash.file)),
              limits(),
              this::step);
      if (stay) {
        long drawn = seed == null ? new SecureRandom().nextLong() : seed;
        Staying.run(device, wish, pacing, drawn, this::step);
        return ExitCode.DONE;
      }
      UpdateOutcome outcome;
      try {
        outcome = untilIdle ? device.updateUntilIdle() : device.update();
      } catch (IOException e) {
        if (json) {
          String result =
              e instanceof CertificateEndedException
                  ? "certificate-ended"
                  : e instanceof FlashFullException ? "store-full" : "unreachable";
          print(result, null, null, String.valueOf(e.getMessage()));
        }
        throw e;
      }
      return report(outcome);
    }
  }

  private Deferring.Wish wish() {
    try {
      return Deferring.Wish.of(defer);
    } catch (IllegalArgumentException e) {
      throw wrong("--defer: " + e.getMessage());
    }
  }

  private Pacing pacing() {
    try {
      return Pacing.DEFAULT.withSpread(spread);
    } catch (IllegalArgumentException e) {
      throw wrong("--spread: " + e.getMessage());
    }
  }

  /** The device's own threads tell of steps too. */
  private synchronized void step(String name, String text) {
    if (json) {
      taken.add(Json.object().put("step", name).put("text", text).build());
    } else {
      out().println(name + " ".repeat(Math.max(1, 10 - name.length())) + text);
    }
  }

  private int report(UpdateOutcome outcome) {
    if (outcome instanceof Installed installed) {
      end("installed", installed.version().toString());
    } else if (outcome instanceof UpToDate upToDate) {
      end("up-to-date", upToDate.version().toString());
    } else if (outcome instanceof Refused refused) {
      if (json) {
        print("refused", null, refused.reason().code(), refused.message());
      } else {
        out().println("refused: " + refused.reason().code() + ": " + refused.message());
      }
      return ExitCode.REFUSED;
    }
    return ExitCode.DONE;
  }

  private void end(String result, String version) {
    if (json) {
      print(result, version, null, null);
    } else {
      out().println(result + ": " + version);
    }
  }

  private void print(
      String result, @Nullable String version, @Nullable String reason, @Nullable String message) {
    byte[] document =
        Json.object()
            .put("result", result)
            .put("version", version)
            .put("reason", reason)
            .put("message", message)
            .put("steps", taken)
            .build()
            .textBytes();
    out().println(new String(document, StandardCharsets.UTF_8));
  }

  private TufLimits limits() {
    try {
      return TufLimit.limits(limits);
    } catch (IllegalArgumentException e) {
      throw wrong("--limit: " + e.getMessage());
    }
  }

  private Map<Integer, Integer> ports() {
    Map<Integer, Integer> ports = new HashMap<>();
    for (String pair : portMap) {
      String[] parts = pair.split(":", -1);
      try {
        ports.put(Integer.valueOf(parts[0]), Integer.valueOf(parts[1]));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw wrong("--port-map: PORT:PORT is expected, not '" + pair + "'");
      }
    }
    return ports;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
