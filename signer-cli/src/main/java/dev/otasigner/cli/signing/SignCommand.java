package dev.otasigner.cli.signing;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Refusals;
import dev.otasigner.cli.Versions;
import dev.otasigner.cli.local.LocalImage;
import dev.otasigner.keys.local.LocalKeys;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Signs an image, through the service or with keys of one's own. */
@Command(
    name = "sign",
    sortOptions = false,
    description = {
      "Sign an image.",
      "With --product: through the service, which lets a device's own code judge it.",
      "With --key: here, with a private key of one's own; no service is asked."
    })
public final class SignCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(paramLabel = "IMAGE", description = "The payload.")
  private Path image = Path.of("");

  @Mixin private final ImageOptions layout = new ImageOptions();
  @Mixin private final ServiceOptions request = new ServiceOptions();

  @Option(names = "--format", defaultValue = "mcuboot", description = "mcuboot (default), opaque.")
  private String format = "";

  @Option(
      names = "--key",
      paramLabel = "FILE|URI",
      description = {
        "A private key (PEM), or pkcs11:token=T;object=KEY?module-path=/M.so (RFC 7512).",
        "Repeatable: one image for bootloaders of several keys."
      })
  private @Nullable List<String> keys;

  @Option(
      names = "--key-passphrase-file",
      paramLabel = "FILE",
      description = "Opens encrypted keys.")
  private @Nullable Path passphraseFile;

  @Option(names = "--pure", description = "Sign the image itself, not its hash (Ed25519).")
  private boolean pure;

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
    return keys == null ? throughService() : here(keys);
  }

  private int here(List<String> names) throws IOException, RejectedException {
    String stray = request.firstGiven();
    if (stray != null || output == null || !format.equals("mcuboot")) {
      throw CommandFailedException.usage(
          stray != null
              ? stray + " and --key exclude each other"
              : output == null ? "-o is expected with --key" : "--format: mcuboot with --key");
    }
    try (LocalKeys own =
        new LocalKeys(
            cli.terminal().directory(),
            Optional.ofNullable(passphraseFile)
                .map(file -> Passphrase.ofPrompt(cli.secret(file).toCharArray())),
            question ->
                Optional.ofNullable(cli.terminal().prompt().read(question))
                    .map(Passphrase::ofPrompt))) {
      List<VerificationKey> signed =
          LocalImage.sign(image, layout.assembleOptions(pure), own, names, output);
      List<Json> keyIds = new ArrayList<>();
      signed.forEach(key -> keyIds.add(new Json.Str(key.keyId().hex())));
      cli.report()
          .result(
              Json.object()
                  .put("image", cli.terminal().show(output))
                  .put("version", Versions.exact(layout.version))
                  .put("keys", keyIds)
                  .build(),
              "signed "
                  + cli.terminal().show(output)
                  + " with "
                  + signed.stream()
                      .map(VerificationKey::toString)
                      .collect(Collectors.joining(", ")));
      return 0;
    } catch (RejectedException e) {
      throw Refusals.of(e, cli.terminal().show(image));
    }
  }

  private int throughService() throws IOException, RejectedException {
    if (pure || passphraseFile != null) {
      throw CommandFailedException.usage(
          (pure ? "--pure" : "--key-passphrase-file") + " goes with --key");
    }
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
