package dev.otasigner.cli.demo;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the whole story on this machine. */
@Command(
    name = "demo",
    description = {
      "Run the whole story: sign, publish, update, refuse, rotate.",
      "Service, command line and two devices, in a temporary directory that is removed."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final long SECTOR_BYTES = 4096;
  private static final long ROOM_BYTES = 64 * 1024;

  private final Cli cli;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "The payload (default: a native library of the running JDK).")
  private @Nullable Path image;

  public DemoCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException {
    Path payload = image == null ? nativeLibrary() : image.toRealPath();
    Steps steps = new Steps(cli.report());
    try (Stage stage = new Stage()) {
      World world =
          new World(stage, steps, launcher(), payload, slotBytes(Files.size(payload)), freePorts());
      new Factory(world).play();
      new Upgrade(world).play();
      new Refusals(world).play();
      new Rotation(world).play();
    } catch (StepFailedException e) {
      // Told where it happened; what follows would stand on it.
    } catch (IOException e) {
      steps.broken(e);
    }
    summarize(steps);
    return steps.failed() == 0 ? 0 : 1;
  }

  private void summarize(Steps steps) {
    List<Json> items = new ArrayList<>();
    for (Steps.Result result : steps.results()) {
      Json.Builder item =
          Json.object()
              .put("step", result.text())
              .put("passed", result.passed())
              .put("millis", result.millis());
      items.add((result.passed() ? item : item.put("detail", result.detail())).build());
    }
    cli.report()
        .result(
            Json.object()
                .put("passed", steps.passed())
                .put("failed", steps.failed())
                .put("steps", items)
                .build(),
            "demo: " + steps.passed() + " passed, " + steps.failed() + " failed");
  }

  private Path launcher() {
    String launcher = cli.terminal().environment("SIGNER_LAUNCHER");
    if (launcher == null) {
      throw CommandFailedException.usage("the demo starts other programs through the launcher")
          .hint("run ./signer demo");
    }
    return Path.of(launcher);
  }

  /** Megabytes of machine code that every JDK brings. */
  private static Path nativeLibrary() {
    Path library = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
    if (!Files.isRegularFile(library)) {
      throw CommandFailedException.usage("this JDK has no " + library)
          .hint("give a payload: --image FILE");
    }
    return library;
  }

  /** Header, signatures, trailer, and what the next build may grow by. */
  private static long slotBytes(long payloadBytes) {
    long needed = payloadBytes + ROOM_BYTES;
    return (needed + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
  }

  private static World.Ports freePorts() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    try (ServerSocket a = new ServerSocket(0, 1, here);
        ServerSocket b = new ServerSocket(0, 1, here);
        ServerSocket c = new ServerSocket(0, 1, here)) {
      return new World.Ports(a.getLocalPort(), b.getLocalPort(), c.getLocalPort());
    }
  }
}
