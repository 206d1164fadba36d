package dev.otasigner.cli.ceremony;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.JsonText;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.Voters;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Roots and targets roles that people sign. */
@Command(
    name = "root",
    description = {
      "Roots of a catalogue that people sign, offline.",
      "init, rotate, show and sign need no service."
    })
public final class RootCommand {
  private static final String DRAFT = "DRAFT";

  private final Cli cli;
  private final Clock clock = Clock.systemUTC();

  public RootCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(
      description = {
        "Write a plan, with the service's own keys in it, to be reviewed.",
        "Nothing is decided yet: what holders review is the file."
      })
  int plan(@Mixin LineageOptions lineage, @Mixin PlanOptions options)
      throws IOException, RejectedException {
    requireNew(options.output());
    Json answer = cli.service().post(lineage.path("role-keys"), options.order());
    String text = options.plan(cli, lineage, answer, clock.instant());
    Plan.read(PlanText.read(text.getBytes(StandardCharsets.UTF_8)));
    NewFile.write(options.output(), text.getBytes(StandardCharsets.UTF_8));
    String name = cli.terminal().show(options.output());
    cli.report()
        .result(
            Json.object().put("file", name).build(),
            "plan in " + name + "; review it, then: signer root init, or signer root rotate");
    return 0;
  }

  @Command(description = "Make the draft of a lineage's first root from a reviewed plan.")
  int init(
      @Parameters(paramLabel = "PLAN", description = "The plan, in YAML or JSON.") Path plan,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = DRAFT,
              description = "The draft, for the first holder.")
          Path output)
      throws IOException, RejectedException {
    return draft(plan, Optional.empty(), "nothing: this is a first root", output);
  }

  @Command(
      description = {
        "Make the draft of the next root from a reviewed plan:",
        "other holders, thresholds or online keys, or a later expiry."
      })
  int rotate(
      @Parameters(paramLabel = "PLAN", description = "The plan, in YAML or JSON.") Path plan,
      @Option(
              names = "--from",
              required = true,
              paramLabel = "ROOT.json",
              description = "The root in force: signer root fetch.")
          Path from,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = DRAFT)
          Path output)
      throws IOException, RejectedException {
    String compared = cli.terminal().show(from);
    return draft(plan, Optional.of(read(from).published()), compared, output);
  }

  private int draft(Path plan, Optional<byte[]> before, String compared, Path output)
      throws IOException, RejectedException {
    requireNew(output);
    CeremonyFile draft;
    try {
      draft = Plan.read(PlanText.read(plan)).draft(before, clock.instant());
    } catch (RejectedException e) {
      throw e.in(cli.terminal().show(plan));
    }
    write(output, draft);
    Ceremony ceremony = Ceremony.of(draft);
    CeremonyText.print(cli.report(), draft, ceremony, compared);
    told(ceremony, output, "draft in ");
    return 0;
  }

  private void requireNew(Path output) {
    if (Files.exists(output)) {
      throw CommandFailedException.usage(cli.terminal().show(output) + ": exists")
          .hint("a draft may carry signatures already; choose another name");
    }
  }

  @Command(description = "Show in plain words what a draft changes, and who has signed it.")
  int show(@Parameters(paramLabel = DRAFT) Path file, @Mixin OwnCopy own)
      throws IOException, RejectedException {
    CeremonyFile draft = read(file);
    Ceremony ceremony = ceremony(file, draft);
    String compared = compared(file, ceremony, own);
    if (cli.report().json()) {
      told(ceremony, file, "");
      return 0;
    }
    CeremonyText.print(cli.report(), draft, ceremony, compared);
    return 0;
  }

  private String compared(Path file, Ceremony ceremony, OwnCopy own)
      throws IOException, RejectedException {
    try {
      return own.compared(cli, ceremony);
    } catch (RejectedException e) {
      throw e.in(cli.terminal().show(file));
    }
  }

  private Ceremony ceremony(Path file, CeremonyFile draft) throws RejectedException {
    try {
      Ceremony ceremony = Ceremony.of(draft);
      ceremony.requireSound(clock.instant());
      return ceremony;
    } catch (RejectedException e) {
      throw e.in(cli.terminal().show(file));
    }
  }

  @Command(
      description = {
        "Look at what a draft changes, and add your signature.",
        "Needs no service: what is shown is worked out here."
      })
  int sign(
      @Parameters(paramLabel = DRAFT) Path file,
      @Mixin HolderOptions holder,
      @Mixin OwnCopy own,
      @Option(
              names = "--plan",
              paramLabel = "PLAN",
              description = "The plan that you reviewed: refuse a draft that says anything else.")
          @Nullable Path plan,
      @Option(
              names = {"-o", "--output"},
              paramLabel = "FILE",
              description = "Write there (default: the draft itself).")
          @Nullable Path output)
      throws IOException, RejectedException {
    holder.requireSound(cli);
    CeremonyFile draft = read(file);
    Ceremony ceremony = ceremony(file, draft);
    String compared = compared(file, ceremony, own);
    if (plan != null) {
      requireAsPlanned(file, ceremony, plan);
    }
    CeremonyText.print(cli.report(), draft, ceremony, compared);
    holder.confirm(cli);
    CeremonyFile signed = holder.sign(cli.terminal(), draft, ceremony, clock.instant());
    Path to = output == null ? file : output;
    write(to, signed);
    told(Ceremony.of(signed), to, "signed ");
    return 0;
  }

  private void requireAsPlanned(Path file, Ceremony ceremony, Path plan)
      throws IOException, RejectedException {
    Json.Obj planned = Plan.read(PlanText.read(plan)).signed(ceremony.metadata().version());
    if (!Digest.of(planned.canonicalBytes()).equals(ceremony.fingerprint())) {
      throw CommandFailedException.of(
              ExitCode.REFUSED,
              cli.terminal().show(file)
                  + " is not what "
                  + cli.terminal().show(plan)
                  + " asks for: one of them was changed after it was reviewed")
          .hint("compare: signer root show " + cli.terminal().show(file));
    }
  }

  /** What became of a draft: who has signed, and whether that is enough. */
  private void told(Ceremony ceremony, Path file, String done) {
    Json.Builder groups = Json.object();
    boolean complete = true;
    for (Voters group : ceremony.voters()) {
      groups.put(group.title(), Json.strings(ceremony.signed(group)));
    }
    String missing = "";
    try {
      ceremony.requireComplete();
    } catch (RejectedException e) {
      complete = false;
      missing = String.valueOf(e.getMessage());
    }
    String name = cli.terminal().show(file);
    cli.report()
        .result(
            Json.object()
                .put("file", name)
                .put("role", ceremony.role())
                .put("version", ceremony.metadata().version())
                .put("fingerprint", ceremony.fingerprint())
                .put("signed", groups.build())
                .put("complete", complete)
                .build(),
            done
                + name
                + (complete
                    ? "; enough have signed: signer root publish " + name
                    : "; not complete: " + missing));
  }

  @Command(
      description = {
        "Hand in what holders have signed: a root, a targets role, or both.",
        "The service judges it as devices would before it is written."
      })
  int publish(
      @Parameters(paramLabel = "FILE", arity = "1..2", description = "As root sign left them.")
          List<Path> files)
      throws IOException, RejectedException {
    Json.Builder body = Json.object();
    String product = "";
    String lineage = "";
    for (Path file : files) {
      CeremonyFile signed = read(file);
      Ceremony ceremony = Ceremony.of(signed);
      body.put(ceremony.role(), signed.publishedJson());
      product = ceremony.terms().product();
      lineage = ceremony.terms().lineage();
    }
    Json answer =
        cli.service().post(path("products", product, "lineages", lineage, "signed"), body.build());
    boolean waits = answer instanceof Json.Obj object && object.members().containsKey("id");
    cli.report()
        .result(
            answer,
            waits
                ? "waits for another administrator of " + product + ": signer root confirm"
                : "published in " + product + "/" + lineage);
    return waits ? ExitCode.WAITING.status() : 0;
  }

  @Command(description = "The service's own keys for a plan, as its part 'online'.")
  int online(
      @Mixin LineageOptions lineage,
      @Option(names = "--post-quantum", description = "Of a lineage that is not there yet.")
          boolean postQuantum,
      @Option(names = "--targets", description = "With keys for the targets role too.")
          boolean targets,
      @Option(
              names = "--replace",
              paramLabel = "ROLE",
              description = "Make new keys for this role first; name them in the next root.")
          @Nullable List<String> replace) {
    Json.Builder body = Json.object().put("postQuantum", postQuantum).put("targets", targets);
    if (replace != null) {
      body.put("replace", Json.strings(replace));
    }
    Json answer = cli.service().post(lineage.path("role-keys"), body.build());
    if (cli.report().json()) {
      cli.report().item(answer);
      return 0;
    }
    cli.report().line(OnlineText.of(answer).stripTrailing());
    return 0;
  }

  @Command(description = "The root in force, for root rotate.")
  int fetch(
      @Mixin LineageOptions lineage,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "ROOT.json")
          Path output)
      throws IOException, RejectedException {
    Json answer = cli.service().get(lineage.path("root"));
    CeremonyFile root = CeremonyFile.read(answer.textBytes());
    byte[] bytes = root.published();
    NewFile.write(output, bytes);
    cli.report()
        .result(
            Json.object()
                .put("file", cli.terminal().show(output))
                .put("sha256", Digest.of(bytes))
                .build(),
            "root in " + cli.terminal().show(output) + ", SHA-256 " + Digest.of(bytes).hex());
    return 0;
  }

  @Command(
      description = {
        "The draft of the next targets role, for its holders to sign:",
        "for a new channel or hardware, for replaced keys, or to renew it."
      })
  int targets(
      @Mixin LineageOptions lineage,
      @Option(
              names = "--root",
              paramLabel = "DRAFT",
              description = "With the next root, whose holders sign too.")
          @Nullable Path root,
      @Mixin DateOptions dates,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = DRAFT)
          Path output)
      throws IOException, RejectedException {
    requireNew(output);
    Json.Builder body =
        Json.object()
            .put("signBy", dates.signBy(clock.instant()))
            .put("expires", dates.expires(clock.instant()));
    if (root != null) {
      body.put("root", read(root).publishedJson());
    }
    Json answer = cli.service().post(lineage.path("targets-draft"), body.build());
    CeremonyFile draft = CeremonyFile.read(answer.textBytes());
    Ceremony ceremony = Ceremony.of(draft);
    write(output, draft);
    CeremonyText.print(cli.report(), draft, ceremony, "what the service says is in force");
    told(ceremony, output, "draft in ");
    return 0;
  }

  @Command(description = "Which root is in force, who holds it, and what waits for signatures.")
  int status(@Mixin LineageOptions lineage) {
    cli.report().item(cli.service().get(lineage.path("ceremony")));
    return 0;
  }

  @Command(description = "Confirm, as another administrator, that a lineage gets holders.")
  int confirm(
      @Mixin LineageOptions lineage,
      @Parameters(paramLabel = "ID", description = "As root status shows it.") String id) {
    Json answer =
        cli.service().post(lineage.path("root-changes", id, "confirm"), Json.object().build());
    cli.report().result(answer, "confirmed and published");
    return 0;
  }

  @Command(description = "Take back, or turn down, that a lineage gets holders.")
  int drop(
      @Mixin LineageOptions lineage,
      @Parameters(paramLabel = "ID", description = "As root status shows it.") String id) {
    cli.service().delete(lineage.path("root-changes", id));
    cli.report().result(Json.object().put("id", id).build(), "dropped " + id);
    return 0;
  }

  private static CeremonyFile read(Path file) throws IOException, RejectedException {
    return CeremonyFile.read(ByteSource.of(file).readAll(CeremonyFile.MAX_BYTES));
  }

  private static void write(Path file, CeremonyFile draft) throws IOException {
    NewFile.write(file, (JsonText.of(draft.toJson()) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
