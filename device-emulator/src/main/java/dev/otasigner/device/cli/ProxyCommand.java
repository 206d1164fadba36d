package dev.otasigner.device.cli;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashInUseException;
import dev.otasigner.device.transport.HttpProxy;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.device.transport.ProxyInbox;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The proxy that a device dials out through, at run time. */
@Command(
    name = "proxy",
    description = "The HTTP proxy that the device dials out through.",
    subcommands = {ProxyCommand.Set.class, ProxyCommand.Clear.class, ProxyCommand.Show.class},
    mixinStandardHelpOptions = true)
final class ProxyCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is expected: set, clear or show");
  }

  /** Into the flash, or, while a device that is switched on holds it, beside it. */
  private static void save(FlashOption flash, Optional<HttpProxy> proxy, CommandSpec spec)
      throws IOException {
    String what = proxy.map(p -> "proxy " + p).orElse("no proxy");
    ProxyInbox inbox = ProxyInbox.of(flash.file);
    try (Flash chip = Flash.open(flash.file)) {
      inbox.clear();
      EmulatedDevice.network(chip).saveProxy(proxy);
      spec.commandLine().getOut().println(what + " from the next connection on");
    } catch (FlashInUseException e) {
      inbox.leave(proxy);
      spec.commandLine()
          .getOut()
          .println(what + " from the next connection on; the device is switched on");
    }
  }

  /** Sets one. */
  @Command(
      name = "set",
      description = {
        "Dial out through this proxy from the next connection on;",
        "a device that is switched on takes it, too."
      },
      mixinStandardHelpOptions = true)
  static final class Set implements Callable<Integer> {
    @Mixin private FlashOption flash = new FlashOption();

    @Mixin private ProxyOptions proxy = new ProxyOptions();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      Optional<HttpProxy> given = proxy.read();
      if (given.isEmpty()) {
        throw proxy.wrong("--proxy is expected; `clear` takes the proxy away");
      }
      save(flash, given, spec);
      return ExitCode.DONE;
    }
  }

  /** Takes it away. */
  @Command(
      name = "clear",
      description = "Dial out directly from the next connection on.",
      mixinStandardHelpOptions = true)
  static final class Clear implements Callable<Integer> {
    @Mixin private FlashOption flash = new FlashOption();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      save(flash, Optional.empty(), spec);
      return ExitCode.DONE;
    }
  }

  /** Shows it, without the password. */
  @Command(
      name = "show",
      description = "Show the proxy, without its password.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    @Mixin private FlashOption flash = new FlashOption();

    @Option(names = "--json", description = "as one JSON document")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      try (Flash chip = Flash.open(flash.file)) {
        NetworkMemory network = EmulatedDevice.network(chip);
        ProxyInbox.of(flash.file).takeInto(network);
        Optional<HttpProxy> proxy = network.proxy();
        String text =
            json ? document(proxy) : "proxy       " + proxy.map(HttpProxy::toString).orElse("none");
        spec.commandLine().getOut().println(text);
      }
      return ExitCode.DONE;
    }

    private static String document(Optional<HttpProxy> proxy) {
      Json.Builder json = Json.object().put("type", proxy.isPresent() ? "http" : "none");
      proxy.ifPresent(p -> json.put("address", p.address()).put("port", p.port()));
      proxy.flatMap(HttpProxy::login).ifPresent(l -> json.put("user", l.user()));
      return new String(json.build().textBytes(), StandardCharsets.UTF_8);
    }
  }
}
