package dev.otasigner.cli.signing;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Signs several images in one call. Files go up one by one, each gone on with after a lost
 * connection; requests carry a key made of what they ask for, so that a command which was cut off
 * can be given again.
 */
@Command(
    name = "sign-release",
    description = {
      "Sign the images of a release file through the service, all of them or none.",
      "The same file again asks for the same builds, not for others."
    })
public final class SignReleaseCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(
      paramLabel = "FILE",
      description = "JSON: {defaults?, requests:[{image, output?, version, ...}]}.")
  private Path file = Path.of("");

  @Option(names = "--product", required = true, description = "The product it is for.")
  private String product = "";

  @Option(names = "--wait", description = "Wait until all are approved.")
  private boolean untilApproved;

  public SignReleaseCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException, RejectedException {
    List<ReleaseFile.Entry> entries = ReleaseFile.read(file).entries();
    for (ReleaseFile.Entry entry : entries) {
      ByteSource.of(entry.image()).open().close(); // before anything is sent
    }
    SigningRequest signing = new SigningRequest(cli, product);
    Map<Path, String> uploaded = new HashMap<>();
    List<Json> requests = new ArrayList<>();
    for (ReleaseFile.Entry entry : entries) {
      String payload = uploaded.get(entry.image());
      if (payload == null) {
        payload = signing.upload(entry.image());
        uploaded.put(entry.image(), payload);
      }
      requests.add(request(entry, payload));
    }
    List<Fields> ended = new ArrayList<>();
    for (Fields received : received(signing, entries, requests)) {
      ended.add(signing.follow(received, untilApproved));
    }
    return told(signing, entries, ended);
  }

  private static Json request(ReleaseFile.Entry entry, String payload) {
    Map<String, Json> members = new LinkedHashMap<>(entry.request().members());
    members.put("payload", new Json.Str(payload));
    String key = Digest.of(new Json.Obj(members).canonicalBytes()).hex();
    members.putIfAbsent("idempotencyKey", new Json.Str(key));
    return new Json.Obj(members);
  }

  private static List<Fields> received(
      SigningRequest signing, List<ReleaseFile.Entry> entries, List<Json> requests)
      throws RejectedException {
    try {
      return signing.submitAll(requests);
    } catch (CommandFailedException e) {
      Json.Obj problem = e.document();
      if (problem == null || !problem.members().containsKey("requests")) {
        throw e;
      }
      List<String> lines = new ArrayList<>();
      List<Fields> judged = new Fields(problem, "").objects("requests", entries.size());
      for (int i = 0; i < judged.size(); i++) {
        for (String reason : SigningRequest.reasons(judged.get(i))) {
          lines.add(entries.get(i).version() + ": " + reason);
        }
      }
      throw CommandFailedException.of(e.code(), e.getMessage() + "\n" + String.join("\n", lines))
          .document(problem);
    }
  }

  private int told(SigningRequest signing, List<ReleaseFile.Entry> entries, List<Fields> ended)
      throws IOException, RejectedException {
    List<Json> documents = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    @Nullable ExitCode worst = null;
    for (int i = 0; i < ended.size(); i++) {
      Fields request = ended.get(i);
      ReleaseFile.Entry entry = entries.get(i);
      documents.add(request.json());
      String state = request.string("state");
      if (state.equals("ready")) {
        lines.add("signed and accepted: build " + request.string("build"));
        if (entry.output() != null) {
          signing.saveImage(request.string("build"), entry.output());
        }
      } else {
        boolean waits = state.equals("awaiting-approval");
        worst = waits && worst != ExitCode.REFUSED ? ExitCode.WAITING : ExitCode.REFUSED;
        lines.add(
            entry.version()
                + ": request "
                + request.string("id")
                + (waits ? " is waiting for approval" : " " + state + ": ")
                + String.join("; ", SigningRequest.reasons(request)));
      }
    }
    Json.Obj all = Json.object().put("requests", documents).build();
    if (worst == null) {
      cli.report().result(all, String.join("\n", lines));
      return 0;
    }
    String text = String.join("\n", lines);
    cli.report().line(text);
    CommandFailedException failure =
        CommandFailedException.of(worst, "not all of the release is signed").document(all);
    throw worst == ExitCode.WAITING
        ? failure.hint("give the same command again, with --wait to wait for it")
        : failure;
  }
}
