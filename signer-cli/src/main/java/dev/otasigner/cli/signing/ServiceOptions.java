package dev.otasigner.cli.signing;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a request to the service says besides the image's layout. */
final class ServiceOptions {
  @Option(names = "--product", paramLabel = "P", description = "The product it is for.")
  @Nullable String product;

  @Option(
      names = "--hardware",
      paramLabel = "ID[:REV,REV]",
      description = "Hardware it runs on; all registered revisions unless some are named.")
  @Nullable List<String> hardware;

  @Option(names = "--image-key", paramLabel = "KEY", description = "Signs the image; repeatable.")
  List<String> imageKeys = new ArrayList<>();

  @Option(
      names = "--manifest-key",
      paramLabel = "KEY",
      description = "Signs the manifest; repeatable.")
  List<String> manifestKeys = new ArrayList<>();

  @Option(names = "--profile", paramLabel = "DIGEST", description = "The profile it brings.")
  @Nullable String profile;

  @Mixin DependencyOptions dependencies = new DependencyOptions();

  @Option(
      names = "--bootloader",
      paramLabel = "ID",
      description = "A registered bootloader that the build brings.")
  @Nullable String bootloader;

  @Option(
      names = "--idempotency-key",
      paramLabel = "TEXT",
      description = "The same text asks for the same build, not for another one.")
  @Nullable String idempotencyKey;

  @Option(
      names = "--emergency",
      paramLabel = "REASON",
      description = "Break rules of the policy for this reason, which more people have to approve.")
  @Nullable String emergency;

  @Option(names = "--wait", description = "Wait until it is approved.")
  boolean untilApproved;

  @Option(names = "--manifest-output", paramLabel = "FILE", description = "Save the manifest.")
  @Nullable Path manifestOutput;

  @Nullable String firstGiven() {
    if (product != null) {
      return "--product";
    }
    if (hardware != null) {
      return "--hardware";
    }
    return imageKeys.isEmpty() ? null : "--image-key";
  }

  String requiredProduct() {
    if (product == null) {
      throw CommandFailedException.usage("--product or --key is expected")
          .hint("--product signs through the service, --key with a key of your own");
    }
    return product;
  }

  /** The members of the request; asks the service for revisions that are not named. */
  void describe(Json.Builder request, SigningRequest service) throws RejectedException {
    if (hardware == null || profile == null || manifestKeys.isEmpty()) {
      throw CommandFailedException.usage(
          "--hardware, --profile and --manifest-key are expected with --product");
    }
    List<Json> boards = new ArrayList<>();
    for (String board : hardware) {
      String[] parts = board.split(":", 2);
      List<String> revisions =
          parts.length == 2 ? List.of(parts[1].split(",", -1)) : service.revisions(parts[0]);
      boards.add(
          Json.object().put("id", parts[0]).put("revisions", Json.strings(revisions)).build());
    }
    request
        .put("hardware", boards)
        .put("imageKeys", Json.strings(imageKeys))
        .put("manifestKeys", Json.strings(manifestKeys))
        .put("profile", profile);
    dependencies.describe(request);
    request.put("idempotencyKey", idempotencyKey);
    if (emergency != null) {
      request.put("emergency", emergency);
    }
    if (bootloader != null) {
      request.put("bootloader", Json.object().put("id", bootloader).build());
    }
  }
}
