package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.image.PublicKeyFile;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What boots the images, and the keys compiled into it. */
@Command(name = "bootloaders", description = "Bootloaders and the keys compiled into them.")
public final class BootloadersCommand {
  private final Cli cli;

  public BootloadersCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's bootloaders.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service().get(path("products", product, "bootloaders")),
            "id",
            "hardware",
            "updatable",
            "rollbackProtection",
            "slotBytes");
    return 0;
  }

  @Command(description = "Register a bootloader.")
  int add(
      @Parameters(paramLabel = "ID") String id,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--hardware", required = true) String hardware,
      @Option(
              names = "--anchor",
              required = true,
              paramLabel = "KEY[:HASH[:pure]]",
              description = {
                "A key of the service, with the hash its images carry; or FILE.pem, the public half",
                "of one that signs elsewhere. Repeatable."
              })
          List<String> anchors,
      @Option(names = "--slot-bytes", required = true, description = "Size of an image slot.")
          long slotBytes,
      @Option(names = "--fixed", description = "It can never be replaced in the field.")
          boolean fixed,
      @Option(names = "--no-allow-list", description = "It ignores TLVs it does not know.")
          boolean noAllowList,
      @Option(names = "--no-rollback-protection", description = "It has no security counter.")
          boolean noRollbackProtection,
      @Option(names = "--key-tlv", defaultValue = "keyhash", description = "keyhash or pubkey.")
          String keyTlv)
      throws IOException {
    List<Json> keys = new ArrayList<>();
    for (String anchor : anchors) {
      keys.add(anchor(anchor));
    }
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "bootloaders"),
                    Json.object()
                        .put("id", id)
                        .put("hardware", hardware)
                        .put("anchors", keys)
                        .put("allowList", !noAllowList)
                        .put("rollbackProtection", !noRollbackProtection)
                        .put("updatable", !fixed)
                        .put("keyTlv", keyTlv)
                        .put("slotBytes", slotBytes)
                        .build()));
    return 0;
  }

  private Json anchor(String text) throws IOException {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || parts.length == 3 && !parts[2].equals("pure")) {
      throw CommandFailedException.usage("--anchor " + text + ": KEY[:HASH[:pure]] is expected");
    }
    Json.Builder anchor = parts[0].endsWith(".pem") ? publicHalf(parts[0]) : named(parts[0]);
    if (parts.length > 1) {
      anchor.put("hash", parts[1]).put("pure", parts.length == 3);
    }
    return anchor.build();
  }

  private static Json.Builder named(String key) {
    return Json.object().put("key", key);
  }

  private Json.Builder publicHalf(String file) throws IOException {
    VerificationKey key =
        PublicKeyFile.imageKey(cli.terminal(), cli.terminal().directory().resolve(file));
    return named(key.keyId().hex()).put("suite", key.suite().code()).putBase64("spki", key.spki());
  }
}
