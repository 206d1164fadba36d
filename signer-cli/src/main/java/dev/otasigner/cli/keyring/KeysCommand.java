package dev.otasigner.cli.keyring;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Keys by name, through all their states. */
@Command(name = "keys", description = "Keys that the service holds.")
public final class KeysCommand {
  private static final String NAME = "NAME";
  private static final String PURPOSES =
      "image, manifest, root, targets, channel, snapshot, timestamp, audit, device-ca or server-tls.";

  private static final String WHY = "Kept with the change.";
  private static final String TOKENS =
      "Where the key lies: software (unless said otherwise) or hsm.";

  private final Cli cli;

  public KeysCommand(Cli cli) {
    this.cli = cli;
  }

  @Command(description = "List keys and their states.")
  int list() {
    cli.report()
        .list(
            cli.service().get(path("keys")),
            "name",
            "token",
            "purpose",
            "suite",
            "state",
            "keyId",
            "onceExtractable");
    return 0;
  }

  @Command(description = "Show one key.")
  int show(@Parameters(paramLabel = NAME, description = "Name or key identifier.") String key) {
    show(cli.service().get(path("keys", key)));
    return 0;
  }

  @Command(description = "Make a key in the token, active at once unless told otherwise.")
  int create(
      @Parameters(paramLabel = NAME) String name,
      @Option(names = "--purpose", required = true, description = PURPOSES) String purpose,
      @Option(names = "--suite", required = true, description = "Such as rsa-pss-3072-sha256.")
          String suite,
      @Option(names = "--token", description = TOKENS) @Nullable String token,
      @Option(names = "--product", description = "The only product it may sign for.")
          @Nullable String product,
      @Mixin LimitOptions limits,
      @Option(names = "--pre-active", description = "Leave it to be activated later.")
          boolean preActive) {
    Json.Builder spec =
        Json.object()
            .put("name", name)
            .put("purpose", purpose)
            .put("suite", suite)
            .put("token", token)
            .put("product", product);
    limits.writeTo(spec);
    return made(cli.service().post(path("keys"), spec.build()), name, preActive);
  }

  @Command(
      name = "import",
      description = "Bring a private key that exists, from a file or already in the hsm.")
  int importKey(
      @Parameters(paramLabel = NAME) String name,
      @Option(names = "--purpose", required = true, description = PURPOSES) String purpose,
      @Option(names = "--suite", required = true, description = "Such as rsa-pss-2048-sha256.")
          String suite,
      @Mixin KeyToImport key,
      @Option(
              names = "--uri",
              description = "Of a key that lies in the hsm already, such as pkcs11:object=image.")
          @Nullable String uri,
      @Option(names = "--token", description = TOKENS) @Nullable String token,
      @Option(names = "--product", description = "The only product it may sign for.")
          @Nullable String product,
      @Mixin LimitOptions limits,
      @Option(names = "--pre-active", description = "Leave it to be activated later.")
          boolean preActive)
      throws IOException {
    key.requireInsteadOf(uri);
    Json.Builder spec =
        Json.object()
            .put("name", name)
            .put("purpose", purpose)
            .put("suite", suite)
            .put("token", token)
            .put("product", product)
            .put("uri", uri);
    limits.writeTo(spec);
    if (uri == null) {
      spec.putBase64("pkcs8", key.pkcs8(cli, suite));
    }
    return made(cli.service().post(path("keys", "import"), spec.build()), name, preActive);
  }

  private int made(Json key, String name, boolean preActive) {
    Json shown = preActive ? key : cli.service().post(path("keys", name, "activate"), NONE);
    show(shown);
    return 0;
  }

  /** The public key itself is for programs; people have {@code export}. */
  private void show(Json key) {
    if (cli.report().json() || !(key instanceof Json.Obj object)) {
      cli.report().item(key);
      return;
    }
    Map<String, Json> members = new LinkedHashMap<>(object.members());
    members.remove("spki");
    cli.report().item(new Json.Obj(members));
  }

  @Command(description = "Narrow when and how often the key signs. It is never widened again.")
  int limit(@Parameters(paramLabel = NAME) String key, @Mixin LimitOptions limits) {
    Json.Builder body = Json.object();
    limits.writeTo(body);
    show(cli.service().post(path("keys", key, "limit"), body.build()));
    return 0;
  }

  @Command(description = "Let the key sign.")
  int activate(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--reason", description = WHY) @Nullable String reason) {
    return change(key, "activate", reason);
  }

  @Command(description = "Stop signing with the key for a while.")
  int suspend(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--reason", description = WHY) @Nullable String reason) {
    return change(key, "suspend", reason);
  }

  @Command(
      description = "Retire the key. Refused while a device in the field can only follow with it.")
  int deactivate(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--reason", description = WHY) @Nullable String reason) {
    return change(key, "deactivate", reason);
  }

  @Command(description = "Record that the key is known to others.")
  int compromise(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--reason", description = WHY) @Nullable String reason) {
    return change(key, "compromise", reason);
  }

  @Command(
      description = {
        "Move a key of the software token into the hardware module, for good.",
        "Backups of the software token made before hold it still. Asked again, it finishes a move."
      })
  int move(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--to", required = true, description = "hsm, and no other.") String token) {
    Json.Obj body = Json.object().put("token", token).build();
    show(cli.service().post(path("keys", key, "move"), body));
    return 0;
  }

  @Command(description = "Destroy the private key.")
  int destroy(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--reason", description = WHY) @Nullable String reason) {
    return change(key, "destroy", reason);
  }

  private int change(String key, String step, @Nullable String reason) {
    show(cli.service().post(path("keys", key, step), Json.object().put("reason", reason).build()));
    return 0;
  }

  @Command(
      description = {
        "Write all keys of the software token and its worker's memory into one sealed file.",
        "Run at the service's machine by its user; nothing of this goes over the network."
      })
  int backup(
      @Mixin OfflineToken token,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "FILE",
              description = "Must not be there yet.")
          Path output)
      throws IOException {
    token.backUp(cli, output);
    return 0;
  }

  @Command(description = "Bring a backup back into a directory that is empty or not there.")
  int restore(
      @Parameters(paramLabel = "BACKUP") Path file,
      @Mixin OfflineToken token,
      @Option(
              names = "--leave-out",
              paramLabel = NAME,
              description = "A key that stays away, such as one destroyed since; repeatable.")
          @Nullable List<String> leaveOut)
      throws IOException {
    token.restore(cli, file, leaveOut);
    return 0;
  }

  @Command(description = "Write the public key as PEM. Private keys never leave.")
  int export(
      @Parameters(paramLabel = NAME) String key,
      @Option(names = "--public", required = true, description = "The public half.")
          boolean publicHalf,
      @Option(
              names = {"-o", "--output"},
              paramLabel = "FILE")
          @Nullable Path output)
      throws IOException {
    byte[] pem = cli.service().bytes(path("keys", key, "public"));
    if (output == null) {
      cli.terminal().out().write(pem);
    } else {
      NewFile.write(output, pem);
    }
    return 0;
  }

  private static final Json NONE = Json.object().build();
}
