package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.FIRST_DEVICE;
import static dev.otasigner.cli.demo.World.HARDWARE;
import static dev.otasigner.cli.demo.World.PRODUCT;
import static dev.otasigner.cli.demo.World.SECOND_DEVICE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Act 4: keys and ciphers change, carried by an upgrade, and nobody is left behind. */
final class Rotation {
  private static final String MODERN_SUITE = "TLS_AES_256_GCM_SHA384";
  private static final String BRIDGE = "36.14";

  private final World world;
  private String profile = "";

  Rotation(World world) {
    this.world = world;
  }

  private static final String CHECKPOINT = "device-1.checkpoint";
  private static final String LOG = "audit.log";
  private static final int MISSING = 7;
  private static final int REFUSED = 1;

  void play() throws IOException, StepFailedException {
    Steps steps = world.steps();
    steps.act("4 rotation: RSA-3072, Ed25519 with ML-DSA-65, TLS 1.3 with P-384");
    steps.step("new keys, bootloader, listener and profile are registered", this::prepare);
    steps.step("bridge 36.14 is signed by old and new keys, judged and released", this::bridge);
    steps.step("device-1 takes the bridge", () -> takeBridge(FIRST_DEVICE));
    steps.step("retiring the old image key is refused", this::retireTooEarly);
    steps.step("impact and graph show who waits for which build", this::showImpact);
    steps.step("device-2 takes the bridge", () -> takeBridge(SECOND_DEVICE));
    steps.step(
        "a fleet of " + Crowd.DEVICES + " takes it through what goes wrong in the field",
        () -> new Crowd(world).takes(BRIDGE + ".0+0"));
    steps.step("the old keys are retired", this::retire);
    steps.step("a build signed by the old keys only is refused", this::offerOld);
    steps.step("both devices renew to P-384 and dial in over TLS 1.3", this::renew);
    steps.step("the legacy listener, now unused, is closed", this::closeLegacy);
    steps.step("the audit log is whole, by the checkpoint that device-1 holds", this::verifyAudit);
    steps.step("a record taken out of it is found by the same checkpoint", this::missARecord);
  }

  private String prepare() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    CompletableFuture<Output> listener =
        world
            .administrator()
            .running(
                "listeners",
                "open",
                "modern",
                "--port",
                Integer.toString(world.ports().modern()),
                "--tls",
                "TLSv1.3",
                "--suite",
                MODERN_SUITE,
                "--group",
                "secp384r1",
                "--server-key",
                "p-384");
    List<CompletableFuture<Output>> keys =
        List.of(
            creating("image-2026", "image", "rsa-pss-3072-sha256"),
            creating("manifest-2026", "manifest", "ed25519"),
            creating("manifest-2026-pq", "manifest", "ml-dsa-65"));
    for (CompletableFuture<Output> key : keys) {
      Program.ended(key).requireDone();
    }
    CompletableFuture<Output> bootloader =
        engineer.running(
            "bootloaders",
            "add",
            "boot-2026",
            "--product",
            PRODUCT,
            "--hardware",
            HARDWARE,
            "--anchor",
            "image-2026",
            "--slot-bytes",
            Long.toString(world.slotBytes()));
    Files.writeString(
        engineer.directory().resolve("profile-2026.json"),
        String.format(
            Locale.ROOT,
            """
        {"schema": 1,
         "knows": ["rsa-pss-3072-sha256", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "ed25519",
                   "ml-dsa-65"],
         "manifest": {"rule": {"all": ["manifest-2026", "manifest-2026-pq"]}},
         "lineage": {"name": "%s"},
         "minStrengthBits": 128,
         "tls": {"versions": ["TLSv1.3"], "suites": ["%s"], "groups": ["secp384r1"],
                 "serverAnchors": ["server"], "clientKey": "p-384"},
         "servers": ["localhost"], "ports": [%d]}
        """,
            World.LINEAGE,
            MODERN_SUITE,
            world.ports().modern()));
    Program.ended(listener).requireDone();
    profile = Builds.registerProfile(world, "profile-2026.json");
    Program.ended(bootloader).requireDone();
    return "";
  }

  private CompletableFuture<Output> creating(String name, String purpose, String suite)
      throws IOException {
    return world.engineer().running("keys", "create", name, "--purpose", purpose, "--suite", suite);
  }

  private String bridge() throws IOException, StepFailedException {
    Builds.sign(
            world,
            BRIDGE,
            3,
            profile,
            List.of("image-2019", "image-2026"),
            List.of("manifest-2019", "manifest-2026", "manifest-2026-pq"),
            "--bootloader",
            "boot-2026")
        .requireDone();
    Builds.release(world, BRIDGE, "--bridge");
    return "";
  }

  private String takeBridge(String device) throws IOException, StepFailedException {
    World.require(world.run(device), "installed", "36.14.0+0");
    return "";
  }

  private String retireTooEarly() throws IOException, StepFailedException {
    Output refused = world.engineer().run("keys", "deactivate", "image-2019").requireExit(1);
    for (String told : List.of(SECOND_DEVICE, "bootloader-component", "36.14.0+0")) {
      if (!refused.err().contains(told)) {
        throw new StepFailedException("the refusal does not tell " + told + ":\n" + refused.all());
      }
    }
    if (refused.err().contains(FIRST_DEVICE)) {
      throw new StepFailedException("the refusal names a device that is safe:\n" + refused.all());
    }
    return "device-2 would be cut off (bootloader-component), saved by 36.14";
  }

  private String showImpact() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    String[] change = {"--product", PRODUCT, "--retire-key", "image-2019"};
    Output impact = engineer.run(with(change, "rotation", "impact")).requireExit(REFUSED);
    for (String told : List.of(SECOND_DEVICE, "wait-for-build", "36.14.0+0")) {
      if (!impact.out().contains(told)) {
        throw new StepFailedException("the impact does not tell " + told + ":\n" + impact.all());
      }
    }
    engineer.run(with(change, "rotation", "graph", "--svg", "upgrades.svg")).requireExit(REFUSED);
    String drawn = Files.readString(engineer.directory().resolve("upgrades.svg"));
    if (!drawn.contains("36.14.0+0")) {
      throw new StepFailedException("the graph does not show the bridge");
    }
    return "1 device waits for 36.14.0+0, drawn in upgrades.svg";
  }

  private static String[] with(String[] options, String... command) {
    return Stream.of(command, options).flatMap(Arrays::stream).toArray(String[]::new);
  }

  private String retire() throws IOException, StepFailedException {
    world.engineer().run("keys", "deactivate", "image-2019").requireDone();
    world.engineer().run("keys", "deactivate", "manifest-2019").requireDone();
    return "";
  }

  private String offerOld() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    CompletableFuture<Output> stating = world.stating(FIRST_DEVICE);
    KeyThief.Offer offer = KeyThief.of(world).afterRotation();
    Output bytes = engineer.run("profiles", "show", profile, "--product", PRODUCT).requireDone();
    Files.writeString(engineer.directory().resolve("profile-2026.canonical.json"), bytes.out());
    Path state = world.stateOf(FIRST_DEVICE, stating);
    CompletableFuture<Output> push =
        engineer.running(
            "push",
            offer.image().toString(),
            "--manifest",
            offer.manifest().toString(),
            "--product",
            PRODUCT);
    Output verify =
        engineer.run(
            "verify",
            offer.image().toString(),
            "--device",
            state.toString(),
            "--manifest",
            offer.manifest().toString(),
            "--profile",
            "profile-2026.canonical.json",
            "--profile",
            "profile-2019.canonical.json");
    Refusals.requireReason(verify, "manifest-rule-not-met");
    Refusals.requireReason(Program.ended(push), "manifest-rule-not-met");
    return "manifest-rule-not-met";
  }

  private String renew() throws IOException, StepFailedException {
    runBoth();
    CompletableFuture<Output> first = showing(FIRST_DEVICE);
    CompletableFuture<Output> second = showing(SECOND_DEVICE);
    requireModern(Program.ended(first).requireDone());
    requireModern(Program.ended(second).requireDone());
    return "";
  }

  private CompletableFuture<Output> showing(String device) throws IOException {
    return world.engineer().running("devices", "show", device, "--json", "--product", PRODUCT);
  }

  private static void requireModern(Output shown) throws StepFailedException {
    for (String told : List.of("\"p-384\"", "\"lastListener\": \"modern\"")) {
      if (!shown.out().contains(told)) {
        throw new StepFailedException("the service does not see " + told + ":\n" + shown.out());
      }
    }
  }

  private String closeLegacy() throws IOException, StepFailedException {
    world.administrator().run("listeners", "close", "legacy").requireDone();
    runBoth();
    return "";
  }

  private void runBoth() throws IOException, StepFailedException {
    CompletableFuture<Output> first = world.running(FIRST_DEVICE);
    CompletableFuture<Output> second = world.running(SECOND_DEVICE);
    World.require(Program.ended(first).json(), "up-to-date", "36.14.0+0");
    World.require(Program.ended(second).json(), "up-to-date", "36.14.0+0");
  }

  private String verifyAudit() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    Output keys = engineer.run("keys", "list", "--json").requireDone();
    String audit = Answers.find(keys, "purpose", "audit", "state", "active", "keyId");
    engineer.run("keys", "export", audit, "--public", "-o", "audit.pem").requireDone();
    Output held = world.device(FIRST_DEVICE).run("state", "--flash", "flash.bin", "--checkpoint");
    Path desk = engineer.directory();
    Files.writeString(desk.resolve(CHECKPOINT), held.requireDone().out());
    engineer.run("audit", "export", "-o", LOG).requireDone();
    Output verified =
        engineer
            .run("audit", "verify", LOG, "--key", "audit.pem", "--checkpoint", CHECKPOINT, "--json")
            .requireDone();
    return Answers.number(verified, "records") + " records";
  }

  private String missARecord() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    Path desk = engineer.directory();
    List<String> lines = new ArrayList<>(Files.readAllLines(desk.resolve(LOG)));
    lines.remove(MISSING);
    Files.write(desk.resolve("shorter.log"), lines);
    Output refused =
        engineer
            .run("audit", "verify", "shorter.log", "--key", "audit.pem", "--checkpoint", CHECKPOINT)
            .requireExit(REFUSED);
    if (!refused.err().contains("record " + MISSING)) {
      throw new StepFailedException("the missing record is not named:\n" + refused.all());
    }
    return refused.err().lines().findFirst().orElse("").replaceFirst("^error: ", "");
  }
}
