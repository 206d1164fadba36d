package dev.otasigner.cli.signing;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Signs an image, through the service. */
@Command(
    name = "sign",
    sortOptions = false,
    description = "Sign an image through the service, which lets a device's own code judge it.")
public final class SignCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(paramLabel = "IMAGE", description = "The payload.")
  private Path image = Path.of("");

  @Mixin private final ImageOptions layout = new ImageOptions();
  @Mixin private final ServiceOptions request = new ServiceOptions();

  @Option(names = "--format", defaultValue = "mcuboot", description = "mcuboot (default), opaque.")
  private String format = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description = "Save the signed image.")
  private @Nullable Path output;

  public SignCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, RejectedException {
    SigningRequest signing = new SigningRequest(cli, request.requiredProduct());
    if (layout.securityCounter == null) {
      throw CommandFailedException.usage("--security-counter is expected with --product");
    }
    if (layout.dependencies != null) {
      throw CommandFailedException.usage("--dependencies goes with --key");
    }
    String version = Versions.exact(layout.version);
    Json.Builder spec =
        Json.object()
            .put("version", version)
            .put("securityCounter", layout.securityCounter)
            .put("format", format);
    layout.describe(spec);
    request.describe(spec, signing);
    spec.put("payload", signing.upload(image));
    Fields ready = signing.submit(spec.build(), request.untilApproved);
    if (output != null) {
      signing.saveImage(version, output);
    }
    if (request.manifestOutput != null) {
      signing.saveManifest(version, request.manifestOutput);
    }
    cli.report().result(ready.json(), "signed and accepted: build " + version);
    return 0;
  }
}
