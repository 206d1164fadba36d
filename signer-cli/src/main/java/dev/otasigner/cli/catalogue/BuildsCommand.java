package dev.otasigner.cli.catalogue;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.ServiceClient;
import dev.otasigner.cli.Versions;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Builds that the service has accepted. */
@Command(name = "builds", description = "Builds that were signed or pushed, and accepted.")
public final class BuildsCommand {
  private final Cli cli;

  public BuildsCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List a product's builds.")
  int list(@Option(names = "--product", required = true) String product) {
    cli.report()
        .list(
            cli.service().list(path("products", product, "builds")),
            "version",
            "securityCounter",
            "format",
            "author",
            "created");
    return 0;
  }

  @Command(description = "Show one build.")
  int show(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product) {
    cli.report()
        .item(cli.service().get(path("products", product, "builds", Versions.exact(version))));
    return 0;
  }

  @Command(
      description = {
        "Remove the images of a build that is offered to nobody and needed by nobody.",
        "Without --yes, show what would go."
      })
  int prune(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(names = "--yes", description = "Remove them, for good.") boolean yes) {
    String exact = Versions.exact(version);
    String path = path("products", product, "builds", exact, "pruning");
    Json plan = yes ? cli.service().post(path, Json.object().build()) : cli.service().get(path);
    if (cli.report().json() || !(plan instanceof Json.Obj object)) {
      cli.report().result(plan, "");
      return 0;
    }
    String bytes = object.members().get("bytes") instanceof Json.Num n ? n.value() + " bytes" : "?";
    for (String list : List.of("files", "catalogue", "shared")) {
      if (object.members().get(list) instanceof Json.Arr files) {
        for (Json file : files.items()) {
          cli.report().line((list.equals("shared") ? "stays  " : "goes   ") + text(file));
        }
      }
    }
    cli.report()
        .line(
            yes
                ? "pruned " + exact + ": " + bytes
                : "would prune " + exact + ": " + bytes + "; say --yes to do it");
    return 0;
  }

  private static String text(Json file) {
    return file instanceof Json.Str name ? name.value() : "";
  }

  @Command(description = "Save a file of a build.")
  int fetch(
      @Parameters(paramLabel = "VERSION") String version,
      @Option(names = "--product", required = true) String product,
      @Option(
              names = "--file",
              required = true,
              description = "manifest, profile, bootloader or variants/NAME.")
          String file,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "FILE")
          Path output)
      throws IOException {
    String build = path("products", product, "builds", Versions.exact(version));
    cli.service().download(build + relative(file), output);
    cli.report().note("saved " + cli.terminal().show(output));
    return 0;
  }

  private static String relative(String file) {
    StringBuilder path = new StringBuilder();
    for (String piece : file.split("/", -1)) {
      path.append('/').append(ServiceClient.escape(piece));
    }
    return path.toString();
  }
}
