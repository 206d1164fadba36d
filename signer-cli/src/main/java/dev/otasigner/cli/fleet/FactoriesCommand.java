package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who vouches for the keys that devices are born with. */
@Command(name = "factories", description = "Factories, whose certificates enrol devices.")
public final class FactoriesCommand {
  private static final int MAX_BYTES = 32 * 1024;
  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----");

  private final Cli cli;

  public FactoriesCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's factories.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report().list(cli.service().get(path("products", product, "factories")), "name");
    return 0;
  }

  @Command(description = "Add a factory; what its authority certifies enrols without a secret.")
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--product", required = true) String product,
      @Option(
              names = "--certificate",
              required = true,
              paramLabel = "FILE",
              description = "The authority's certificate in PEM.")
          Path certificate)
      throws IOException {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "factories"),
                    Json.object().put("name", name).put("certificate", pem(certificate)).build()));
    return 0;
  }

  /** The one certificate in the file, and nothing that stands beside it, such as a private key. */
  private String pem(Path file) throws IOException {
    Matcher block;
    try {
      block =
          CERTIFICATE.matcher(
              new String(ByteSource.of(file).readAll(MAX_BYTES), StandardCharsets.US_ASCII));
    } catch (RejectedException e) {
      throw CommandFailedException.usage(
              cli.terminal().show(file) + ": too long for one certificate")
          .because(e);
    }
    if (!block.find()) {
      throw CommandFailedException.usage(cli.terminal().show(file) + ": no CERTIFICATE block")
          .hint("convert it: openssl x509 -in CERTIFICATE -out FACTORY.pem");
    }
    String pem = block.group() + "\n";
    if (block.find()) {
      throw CommandFailedException.usage(
          cli.terminal().show(file) + ": several certificates; the authority's alone is expected");
    }
    return pem;
  }
}
