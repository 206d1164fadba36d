package dev.otasigner.device.cli;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.agent.DeviceClock;
import dev.otasigner.device.agent.UpdateOutcome;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TufLimit;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
    if (once && untilIdle) {
      throw wrong("--once and --until-idle exclude each other");
    }
    Map<Integer, Integer> ports = ports();
    try (Flash chip = Flash.open(flash.file)) {
      EmulatedDevice device =
          new EmulatedDevice(
              chip,
              new DeviceClock(Clock.offset(Clock.systemUTC(), clockOffset)),
              new TlsDialling(ports, Timeouts.DEFAULT),
              limits(),
              this::step);
      UpdateOutcome outcome;
      try {
        outcome = untilIdle ? device.updateUntilIdle() : device.update();
      } catch (IOException e) {
        if (json) {
          print("unreachable", null, null, String.valueOf(e.getMessage()));
        }
        throw e;
      }
      return report(outcome);
    }
  }

  private void step(String name, String text) {
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
      String result,
      @org.jspecify.annotations.Nullable String version,
      @org.jspecify.annotations.Nullable String reason,
      @org.jspecify.annotations.Nullable String message) {
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
