package dev.otasigner.cli.fleet;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.JsonText;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the update agent of a build trusts and speaks. */
@Command(name = "profiles", description = "What a build's update agent trusts and speaks.")
public final class ProfilesCommand {
  /** Ed25519 is what catalogues are signed with. */
  private static final List<String> LEGACY_SUITES =
      List.of("rsa-pkcs1-2048-sha256", "rsa-pss-2048-sha256", "ed25519");

  private static final int LEGACY_STRENGTH_BITS = 112;

  private final Cli cli;

  public ProfilesCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "Register a profile; anchors may be names of the service's keys.")
  int add(
      @Parameters(paramLabel = "FILE", description = "The profile as JSON.") Path file,
      @Option(names = "--product", required = true) String product)
      throws IOException, RejectedException {
    cli.report()
        .item(
            cli.service()
                .post(
                    path("products", product, "profiles"),
                    JsonReader.readObject(Files.readAllBytes(file), Profile.MAX_BYTES).json()));
    return 0;
  }

  @Command(
      description = {
        "Print a profile to start from, which profiles add takes as it is. What it says is true of",
        "devices only as far as their code says the same: compare before it is registered.",
        "legacy: RSA-2048 (sha256WithRSA and PSS), TLS 1.2 with ECDHE-RSA-AES128-SHA256 (CBC),",
        "ports 31314, 993 and 443."
      })
  int template(
      @Parameters(paramLabel = "NAME", description = "legacy.") String name,
      @Option(
              names = "--manifest-key",
              required = true,
              paramLabel = "KEY",
              description = "Signs what these devices accept; a name or identifier. Repeatable.")
          List<String> manifestKeys,
      @Option(
              names = "--any",
              description = "One of several manifest keys is enough; otherwise all sign.")
          boolean any,
      @Option(
              names = "--server",
              required = true,
              paramLabel = "HOST",
              description = "Where the devices look for updates. Repeatable.")
          List<String> servers,
      @Option(
              names = "--lineage",
              defaultValue = "main",
              description = "The catalogue they follow (${DEFAULT-VALUE}).")
          String lineage,
      @Option(
              names = "--server-anchor",
              defaultValue = "server",
              paramLabel = "ANCHOR",
              description = {
                "Whom they trust as the server: a key by name, the SHA-256 of a public key, or",
                "server for the authorities of this service (${DEFAULT-VALUE}). Repeatable."
              })
          List<String> serverAnchors,
      @Option(
              names = "--port",
              defaultValue = "31314,993,443",
              split = ",",
              description = "In the order they are tried (${DEFAULT-VALUE}).")
          List<Integer> ports) {
    if (!name.equals("legacy")) {
      throw CommandFailedException.usage("no template " + name + "; there is: legacy");
    }
    cli.terminal()
        .out()
        .println(
            JsonText.of(
                Json.object()
                    .put("schema", 1)
                    .put("knows", Json.strings(LEGACY_SUITES))
                    .put(
                        "manifest",
                        Json.object()
                            .put(
                                "rule",
                                Json.object()
                                    .put(any ? "any" : "all", Json.strings(manifestKeys))
                                    .build())
                            .build())
                    .put("lineage", Json.object().put("name", lineage).build())
                    .put("minStrengthBits", LEGACY_STRENGTH_BITS)
                    .put(
                        "tls",
                        Json.object()
                            .put("versions", Json.strings(List.of("TLSv1.2")))
                            .put(
                                "suites",
                                Json.strings(List.of("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256")))
                            .put("groups", Json.strings(List.of("secp256r1")))
                            .put("serverAnchors", Json.strings(serverAnchors))
                            .put("clientKey", "rsa-2048")
                            .build())
                    .put("servers", Json.strings(servers))
                    .put(
                        "ports", new Json.Arr(ports.stream().map(ProfilesCommand::number).toList()))
                    .build()));
    return 0;
  }

  private static Json number(int port) {
    return new Json.Num(port);
  }

  @Command(description = "Print a registered profile, byte for byte.")
  int show(
      @Parameters(paramLabel = "DIGEST") String digest,
      @Option(names = "--product", required = true) String product)
      throws IOException {
    cli.terminal().out().write(cli.service().bytes(path("products", product, "profiles", digest)));
    return 0;
  }
}
