package dev.otasigner.cli.signing;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Report;
import dev.otasigner.cli.ServiceClient;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the service takes from a product's newest build, and a product's first one has to say. */
public final class FirstBuildOptions {
  private static final int MAX_REVISIONS = 64;

  @Option(
      names = "--hardware",
      paramLabel = "ID[:REV,REV]",
      description = {
        "Hardware it runs on; all registered revisions unless some are named. Repeatable. This,",
        "--manifest-key and --profile are as in the newest build when not given."
      })
  private List<String> hardware = new ArrayList<>();

  @Option(
      names = "--manifest-key",
      paramLabel = "KEY",
      description = "Signs the manifest that the service makes; repeatable.")
  private List<String> manifestKeys = new ArrayList<>();

  @Option(names = "--profile", paramLabel = "DIGEST", description = "The profile in the image.")
  private @Nullable String profile;

  public boolean isGiven() {
    return !hardware.isEmpty() || !manifestKeys.isEmpty() || profile != null;
  }

  /** Adds the members {@code hardware}, {@code manifestKeys} and {@code profile} that are given. */
  public void describe(Json.Builder build, ServiceClient service, String product)
      throws RejectedException {
    List<Json> boards = new ArrayList<>();
    for (String board : hardware) {
      String[] parts = board.split(":", 2);
      List<String> revisions =
          parts.length == 2
              ? List.of(parts[1].split(",", -1))
              : revisions(service, product, parts[0]);
      boards.add(
          Json.object().put("id", parts[0]).put("revisions", Json.strings(revisions)).build());
    }
    if (!boards.isEmpty()) {
      build.put("hardware", boards);
    }
    if (!manifestKeys.isEmpty()) {
      build.put("manifestKeys", Json.strings(manifestKeys));
    }
    build.put("profile", profile);
  }

  /** All revisions that the product's hardware is registered with. */
  static List<String> revisions(ServiceClient service, String product, String hardware)
      throws RejectedException {
    for (Json.Obj item : Report.items(service.get(path("products", product, "hardware")))) {
      Fields fields = new Fields(item, "hardware");
      if (fields.string("id").equals(hardware)) {
        return fields.strings("revisions", MAX_REVISIONS);
      }
    }
    throw CommandFailedException.usage(product + " has no hardware " + hardware)
        .hint("see: signer hardware list --product " + product);
  }
}
