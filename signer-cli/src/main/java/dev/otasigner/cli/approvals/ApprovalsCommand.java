package dev.otasigner.cli.approvals;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.image.InspectCommand;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.McubootImage;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What waits for people, and their word on it. */
@Command(name = "approvals", description = "Requests that wait for people to approve them.")
public final class ApprovalsCommand {
  private static final String ID = "ID";

  private final Cli cli;
  private final Clock clock = Clock.systemUTC();

  public ApprovalsCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List requests that wait for approvals.")
  int list() {
    cli.report()
        .list(
            cli.service().list(path("requests")),
            "id",
            "product",
            "version",
            "requester",
            "created");
    return 0;
  }

  @Command(description = "Show what a request would sign. Its payload is looked at by approve.")
  int show(@Parameters(paramLabel = ID, description = "Of the request.") String id)
      throws RejectedException {
    Json answer = cli.service().get(path("requests", id));
    if (cli.report().json()) {
      cli.report().item(answer);
      return 0;
    }
    RequestText.print(cli.report(), cli.service(), StatedRequest.of(id, answer), clock.instant());
    return 0;
  }

  @Command(
      description = {
        "Look at what a request would sign, and sign your yes.",
        "The payload is fetched and its images are hashed here; the service is not believed."
      })
  int approve(@Parameters(paramLabel = ID) String id, @Mixin WordOptions word)
      throws IOException, RejectedException {
    word.requireSound(cli);
    StatedRequest request = waiting(id);
    Instant notAfter = word.notAfter(request, clock.instant());
    try (PayloadCopy payload = PayloadCopy.fetch(cli.service(), request)) {
      ByteSource bytes = ByteSource.of(payload.file());
      SignedImages images = SignedImages.of(cli.service(), request, bytes);
      RequestText.print(cli.report(), cli.service(), request, clock.instant());
      images.print(cli.report());
      if (images.finished()) {
        InspectCommand.describe(cli.report(), McubootImage.read(bytes));
      }
    }
    cli.report().line("your approval     lapses at " + notAfter);
    word.confirm(cli, "approve? type yes: ");
    return told(
        id, send(request, word, Decision.APPROVE, notAfter), standing(request) + 1, request);
  }

  @Command(description = "Take back an approval of your own, as long as nothing is signed.")
  int revoke(@Parameters(paramLabel = ID) String id, @Mixin WordOptions word)
      throws IOException, RejectedException {
    word.requireSound(cli);
    StatedRequest request = waiting(id);
    Instant notAfter = word.notAfter(request, clock.instant());
    Draft draft = request.draft();
    cli.report().line("request " + id + ": " + draft.product() + " " + draft.version());
    word.confirm(cli, "take your approval back? type yes: ");
    cli.report()
        .result(
            send(request, word, Decision.REVOKE, notAfter).json(),
            "your approval of request " + id + " is taken back");
    return 0;
  }

  private StatedRequest waiting(String id) throws RejectedException {
    StatedRequest request = StatedRequest.of(id, cli.service().get(path("requests", id)));
    request.requireWaiting();
    return request;
  }

  private int standing(StatedRequest request) throws RejectedException {
    return request.standing(clock.instant()).size();
  }

  private Fields send(StatedRequest request, WordOptions word, Decision decision, Instant notAfter)
      throws IOException, RejectedException {
    Json.Obj body =
        Json.object().putBase64("envelope", word.sign(cli, request, decision, notAfter)).build();
    Json answer = cli.service().post(path("requests", request.id(), "approvals"), body);
    if (answer instanceof Json.Obj object) {
      return new Fields(object, "");
    }
    throw CommandFailedException.of(
        ExitCode.UNREACHABLE, cli.service().service() + " does not answer as the service");
  }

  private int told(String id, Fields now, int given, StatedRequest request)
      throws RejectedException {
    String state = now.string("state");
    switch (state) {
      case "refused", "failed" ->
          throw StatedRequest.refused("approved, and then request " + id + " " + state)
              .hint("see: signer approvals show " + id + " --json")
              .document(now.json());
      case "awaiting-approval" -> {
        cli.report()
            .result(
                now.json(),
                "approved request " + id + ": " + given + " of " + request.needed() + " approvals");
        return ExitCode.WAITING.status();
      }
      default -> {
        cli.report().result(now.json(), "approved request " + id + ", which is " + state);
        return 0;
      }
    }
  }

  @Command(description = "End a request. Needs no key: what is not signed harms nobody.")
  int reject(
      @Parameters(paramLabel = ID) String id,
      @Option(names = "--reason", required = true, description = "Kept with the request.")
          String reason) {
    Json ended =
        cli.service()
            .post(path("requests", id, "reject"), Json.object().put("reason", reason).build());
    cli.report().result(ended, "rejected request " + id);
    return 0;
  }
}
