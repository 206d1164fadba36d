package dev.otasigner.cli.signing;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Has the digest of an image signed that is assembled elsewhere. */
@Command(
    name = "sign-digest",
    sortOptions = false,
    description = {
      "Have a bare digest signed, unjudged, where the product's policy allows it.",
      "The image that is made with it is no build until signer push has judged it."
    })
public final class SignDigestCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(paramLabel = "DIGEST", description = "In hex, of the length that the key signs.")
  private String digest = "";

  @Option(names = "--product", required = true, paramLabel = "P", description = "Of the image.")
  private String product = "";

  @Option(
      names = "--key",
      required = true,
      paramLabel = "KEY",
      description = "A key of purpose bare-digest.")
  private String key = "";

  @Option(
      names = "--idempotency-key",
      paramLabel = "TEXT",
      description = "The same text asks for the same signature, not for another one.")
  private @Nullable String idempotencyKey;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description = "Save the signature's bytes.")
  private @Nullable Path output;

  public SignDigestCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, RejectedException {
    String hex = digest.toLowerCase(Locale.ROOT);
    if (!hex.matches("([0-9a-f]{2})+")) {
      throw CommandFailedException.usage("DIGEST: hex digits are expected");
    }
    Json.Obj wanted =
        Json.object()
            .put("key", key)
            .put("digest", hex)
            .put("idempotencyKey", idempotencyKey)
            .build();
    Json answer = cli.service().post(path("products", product, "digests"), wanted);
    Fields signed = new Fields((Json.Obj) answer, "");
    if (output == null) {
      cli.report().result(answer, signed.string("signature"));
      return 0;
    }
    Bytes signature = signed.base64("signature", 16 * 1024);
    NewFile.write(output, signature.toByteArray());
    cli.report()
        .result(answer, "signed, unjudged: " + cli.terminal().show(output) + " by key " + key);
    return 0;
  }
}
