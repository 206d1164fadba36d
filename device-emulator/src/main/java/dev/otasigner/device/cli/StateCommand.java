package dev.otasigner.device.cli;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.transport.HttpProxy;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the device's state without switching it on. */
@Command(
    name = "state",
    description = "Show what the device is and trusts.",
    mixinStandardHelpOptions = true)
final class StateCommand implements Callable<Integer> {
  @Mixin private FlashOption flash = new FlashOption();

  @Option(names = "--json", description = "the device state as one JSON document")
  private boolean json;

  @Option(
      names = "--checkpoint",
      description = "only the newest checkpoint of the maker's audit log that the device holds")
  private boolean checkpoint;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Flash chip = Flash.open(flash.file)) {
      if (checkpoint) {
        return printCheckpoint(EmulatedDevice.checkpoint(chip), out);
      }
      DeviceState state = EmulatedDevice.state(chip);
      if (json) {
        Map<String, Json> members = new LinkedHashMap<>(state.toJson().members());
        members.put("runningProfile", document(EmulatedDevice.runningProfile(chip)));
        out.println(new String(new Json.Obj(members).textBytes(), StandardCharsets.UTF_8));
      } else {
        print(state, out);
        line(out, "log", log(chip));
        NetworkMemory network = EmulatedDevice.network(chip);
        line(out, "proxy", network.proxy().map(HttpProxy::toString).orElse("none"));
        line(out, "route", network.worked().map(w -> w + " worked last").orElse("none yet"));
      }
    }
    return ExitCode.DONE;
  }

  private int printCheckpoint(Optional<byte[]> note, PrintWriter out) {
    if (note.isEmpty()) {
      spec.commandLine().getErr().println("signer: error: the device holds no checkpoint yet");
      spec.commandLine().getErr().println("signer: hint: it takes one with signer device run");
      return ExitCode.REFUSED;
    }
    out.print(new String(note.get(), StandardCharsets.UTF_8));
    out.flush();
    return ExitCode.DONE;
  }

  private static String log(Flash chip) throws IOException {
    Optional<byte[]> note = EmulatedDevice.checkpoint(chip);
    if (note.isEmpty() && EmulatedDevice.checkpointRefused(chip).isEmpty()) {
      return "no checkpoint yet";
    }
    String held = "none";
    if (note.isPresent()) {
      try {
        held = Checkpoint.readUnverified(note.get()).size() + " records vouched for";
      } catch (RejectedException e) {
        throw new IOException("flash holds an unreadable checkpoint: " + e.getMessage(), e);
      }
    }
    return held
        + EmulatedDevice.checkpointRefused(chip).map(why -> "; REFUSED since: " + why).orElse("");
  }

  /** With it the state is all that {@code signer verify --device} has to know of the device. */
  private static Json document(Profile profile) throws IOException {
    try {
      return JsonReader.read(profile.bytes().toByteArray(), Profile.MAX_BYTES);
    } catch (RejectedException e) {
      throw new IOException("a profile that was read cannot be read again", e);
    }
  }

  private static void print(DeviceState state, PrintWriter out) {
    line(out, "device", state.deviceId() + ", product " + state.product());
    line(out, "hardware", state.hardware().id() + " revision " + state.hardware().revision());
    line(out, "channel", state.channel());
    line(out, "running", state.running().version() + ", manifest " + state.running().manifest());
    line(out, "profile", state.running().profile().hex());
    line(out, "counter", Long.toString(state.securityCounter()));
    line(
        out,
        "bootloader",
        state.bootloader().id() + (state.bootloader().updatable() ? ", updatable" : ", fixed"));
    line(out, "anchors", anchors(state.bootloader().anchors()));
    if (!state.bootloader().trialAnchors().isEmpty()) {
      line(out, "on trial", anchors(state.bootloader().trialAnchors()));
    }
    line(out, "lineage", state.lineage() + ", root " + state.rootVersion());
    line(
        out,
        "certificate",
        state.clientCert().keyType().code() + ", until " + state.clientCert().notAfter());
    line(out, "clock", state.clock().kind().code() + ", not before " + state.clock().floor());
  }

  private static String anchors(List<BootAnchor> anchors) {
    return anchors.stream().map(a -> a.anchor().key().toString()).collect(Collectors.joining(", "));
  }

  private static void line(PrintWriter out, String name, String value) {
    out.println(name + " ".repeat(Math.max(1, 12 - name.length())) + value);
  }
}
