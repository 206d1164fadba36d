package dev.otasigner.cli.signing;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.NewFile;
import dev.otasigner.cli.ServiceClient;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A request to sign, followed from its payload to the finished build. */
final class SigningRequest {
  private static final long FIRST_POLL_NANOS = 50_000_000;
  private static final long LONGEST_POLL_NANOS = 2_000_000_000;
  private static final int MAX_REASONS = 32;

  private final Cli cli;
  private final ServiceClient service;
  private final String product;

  SigningRequest(Cli cli, String product) {
    this.cli = cli;
    this.service = cli.service();
    this.product = product;
  }

  /** Stores the payload and answers its digest. */
  String upload(Path payload) throws IOException {
    return service.upload(payload, product).hex();
  }

  /** All revisions that the product's hardware is registered with. */
  List<String> revisions(String hardware) throws RejectedException {
    return FirstBuildOptions.revisions(service, product, hardware);
  }

  /**
   * Submits and follows the request.
   *
   * @param untilApproved keep following while approvals are missing
   */
  Fields submit(Json.Obj spec, boolean untilApproved) throws RejectedException {
    Fields received = object(service.post(path("products", product, "requests"), spec));
    Fields request = follow(received, untilApproved);
    return switch (request.string("state")) {
      case "ready" -> request;
      case "awaiting-approval" -> throw waiting(request);
      default -> throw refused(request);
    };
  }

  /** Submits several, of which all are received or none, and answers them in their order. */
  List<Fields> submitAll(List<Json> requests) {
    Json answer =
        service.post(
            path("products", product, "requests", "batch"),
            Json.object().put("requests", requests).build());
    List<Fields> received = new ArrayList<>();
    for (Json.Obj one : dev.otasigner.cli.Report.items(answer)) {
      received.add(new Fields(one, "request"));
    }
    if (received.size() != requests.size()) {
      throw CommandFailedException.of(
          ExitCode.UNREACHABLE, service.service() + " does not answer as the service");
    }
    return received;
  }

  /** Looks at a request until it comes to its end, or waits for approvals that nobody waits for. */
  Fields follow(Fields received, boolean untilApproved) throws RejectedException {
    Fields request = received;
    long pause = FIRST_POLL_NANOS;
    while (true) {
      switch (request.string("state")) {
        case "ready", "refused", "failed" -> {
          return request;
        }
        case "awaiting-approval" -> {
          if (!untilApproved) {
            return request;
          }
        }
        default -> {
          // On its way: look again.
        }
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(pause * 2, LONGEST_POLL_NANOS);
      request = object(service.get(path("requests", request.string("id"))));
    }
  }

  /** Saves the build's one image file. */
  void saveImage(String version, Path output) throws IOException, RejectedException {
    List<Fields> variants =
        object(service.get(path("products", product, "builds", version))).objects("variants", 32);
    if (variants.size() != 1) {
      throw CommandFailedException.of(
          ExitCode.REFUSED,
          "build " + version + " has " + variants.size() + " variants; -o takes one");
    }
    service.download(
        path("products", product, "builds", version, "variants", variants.get(0).string("name")),
        output);
  }

  /** The manifest, and beside it the profile that it names, under its digest. */
  void saveManifest(String version, Path output) throws IOException {
    service.download(path("products", product, "builds", version, "manifest"), output);
    byte[] profile = service.bytes(path("products", product, "builds", version, "profile"));
    NewFile.write(output.resolveSibling(Digest.of(profile) + ".profile"), profile);
  }

  private static CommandFailedException waiting(Fields request) throws RejectedException {
    return CommandFailedException.of(
            ExitCode.WAITING, "request " + request.string("id") + " is waiting for approval")
        .document(request.json())
        .hint("ask again with --wait to wait for it");
  }

  /** Why it is refused, in words. */
  static List<String> reasons(Fields request) throws RejectedException {
    List<String> reasons = new ArrayList<>();
    if (request.has("reasons")) {
      for (Fields reason : request.objects("reasons", MAX_REASONS)) {
        reasons.add(words(reason));
      }
    }
    if (request.has("refusal")) {
      reasons.add(words(request.object("refusal")));
    }
    return reasons;
  }

  private static CommandFailedException refused(Fields request) throws RejectedException {
    return CommandFailedException.of(
            ExitCode.REFUSED,
            "request "
                + request.string("id")
                + " "
                + request.string("state")
                + ": "
                + String.join("; ", reasons(request)))
        .document(request.json());
  }

  private static String words(Fields reason) throws RejectedException {
    String code = reason.optionalString("reason").or(() -> text(reason, "code")).orElse("refused");
    String detail = text(reason, "detail").orElse("");
    return detail.isEmpty() ? code : "(" + code + ") " + detail;
  }

  private static java.util.Optional<String> text(Fields fields, String name) {
    return fields.members().get(name) instanceof Json.Str value
        ? java.util.Optional.of(value.value())
        : java.util.Optional.empty();
  }

  private Fields object(Json json) {
    if (json instanceof Json.Obj object) {
      return new Fields(object, "");
    }
    throw CommandFailedException.of(
        ExitCode.UNREACHABLE, cli.service().service() + " does not answer as the service");
  }
}
