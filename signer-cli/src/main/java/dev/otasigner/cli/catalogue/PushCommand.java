package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.signing.DependencyOptions;
import dev.otasigner.cli.signing.FirstBuildOptions;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Registers a build that was finished elsewhere; the device's own code judges it first. */
@Command(
    name = "push",
    description = "Register a finished build with the catalogue, judged as a device would.")
public final class PushCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(paramLabel = "IMAGE", description = "A signed image.")
  private Path image = Path.of("");

  @Option(names = "--product", required = true, description = "The product it is for.")
  private String product = "";

  @Option(names = "--manifest", paramLabel = "FILE", description = "Its manifest (DSSE).")
  private @Nullable Path manifest;

  @Option(
      names = "--idempotency-key",
      paramLabel = "TEXT",
      description = "The same text asks for the same build, not for another one.")
  private @Nullable String idempotencyKey;

  @Mixin private DependencyOptions dependencies = new DependencyOptions();
  @Mixin private FirstBuildOptions first = new FirstBuildOptions();

  public PushCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, RejectedException {
    if (manifest != null && (dependencies.isGiven() || first.isGiven())) {
      throw CommandFailedException.usage(
          "what the manifest says is not given beside --manifest: --from, --requires, --hardware,"
              + " --manifest-key, --profile");
    }
    Json.Builder build = Json.object().put("image", cli.service().upload(image, product));
    build.put("idempotencyKey", idempotencyKey);
    if (dependencies.isGiven()) {
      dependencies.describe(build);
    }
    first.describe(build, cli.service(), product);
    if (manifest != null) {
      build.putBase64("manifest", bounded(manifest));
    }
    Json registered = cli.service().post(path("products", product, "builds"), build.build());
    cli.report().result(registered, "registered " + cli.terminal().show(image));
    return 0;
  }

  private static Bytes bounded(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Bytes.copyOf(in.readNBytes(Envelope.MAX_BYTES + 1));
    }
  }
}
