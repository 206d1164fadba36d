package dev.otasigner.cli.image;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Refusals;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.mcuboot.TrustCheck;
import dev.otasigner.verifier.mcuboot.TrustCheck.Demand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks the device's own code whether it would take an image. */
@Command(
    name = "verify",
    description = {
      "Ask the device's own code.",
      "With --trust: would every bootloader that knows this key boot the image?",
      "With --device: would this device, as it stands, take the whole build?"
    })
public final class VerifyCommand implements Callable<Integer> {
  private final Cli cli;

  @Parameters(paramLabel = "IMAGE")
  private Path image = Path.of("");

  @Option(names = "--trust", paramLabel = "PUB.pem", description = "A key the bootloader knows.")
  private @Nullable List<Path> trusted;

  @Option(
      names = "--rule",
      defaultValue = "any",
      description = "Of several --trust: any (default) or all must boot it.")
  private Demand rule = Demand.ANY;

  @Option(
      names = "--stored-counter",
      paramLabel = "N",
      description = "Rollback protection on, with this counter stored.")
  private @Nullable Long storedCounter;

  @Option(
      names = "--pure-limit",
      paramLabel = "BYTES",
      description = {
        "Longest image held in memory for a pure Ed25519 signature",
        "(default 67108864); the slot size of the bootloader."
      })
  private @Nullable Long pureLimit;

  @Option(names = "--format", defaultValue = "mcuboot", description = "mcuboot (default).")
  private ImageFormat format = ImageFormat.MCUBOOT;

  @Option(names = "--device", paramLabel = "STATE.json", description = "A device's state.")
  private @Nullable Path device;

  @Option(names = "--manifest", paramLabel = "M.dsse", description = "The build's manifest.")
  private @Nullable Path manifest;

  @Option(
      names = "--profile",
      paramLabel = "FILE",
      description = {
        "Profiles of the running and of the new build, told apart by their digests.",
        "Without: the state's runningProfile, and DIGEST.profile beside the manifest."
      })
  private @Nullable List<Path> profiles;

  @Option(
      names = "--bootloader",
      paramLabel = "FILE",
      description = "The bootloader component, when the manifest brings one.")
  private @Nullable Path component;

  @Mixin private final SuiteOptions suites = new SuiteOptions();

  public VerifyCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException {
    if ((trusted == null) == (device == null)) {
      throw CommandFailedException.usage("one of --trust and --device is expected");
    }
    try {
      Answer answer = trusted != null ? byTrust(trusted) : byDevice();
      cli.report()
          .result(
              suites.with(answer.document(), answer.suites()),
              cli.terminal().show(image) + ": " + answer.line());
      suites.warn(cli.report(), answer.suites());
      return 0;
    } catch (RejectedException e) {
      throw Refusals.of(e, cli.terminal().show(image));
    }
  }

  /** What an acceptance says, and by which suites it came about. */
  record Answer(Json.Obj document, String line, Set<SignatureSuite> suites) {}

  private Answer byTrust(List<Path> keys) throws IOException, RejectedException {
    if (manifest != null || profiles != null || component != null) {
      throw CommandFailedException.usage("--manifest, --profile and --bootloader go with --device");
    }
    if (format != ImageFormat.MCUBOOT) {
      throw CommandFailedException.usage("an opaque image is judged with --device only")
          .hint("its length and digest stand in the manifest");
    }
    if (storedCounter != null && (storedCounter < 0 || storedCounter > 0xffff_ffffL)) {
      throw CommandFailedException.usage("--stored-counter: 0 to 4294967295 is expected");
    }
    if (pureLimit != null && pureLimit < 1) {
      throw CommandFailedException.usage("--pure-limit: a number of bytes is expected");
    }
    long maxPureBytes = pureLimit == null ? TrustCheck.DEFAULT_PURE_BYTES : pureLimit;
    return new TrustQuestion(cli.terminal(), keys, rule, stored(), maxPureBytes).ask(image);
  }

  private OptionalLong stored() {
    return storedCounter == null ? OptionalLong.empty() : OptionalLong.of(storedCounter);
  }

  private Answer byDevice() throws IOException, RejectedException {
    if (storedCounter != null) {
      throw CommandFailedException.usage("--stored-counter goes with --trust")
          .hint("a device's counter stands in its state");
    }
    if (pureLimit != null) {
      throw CommandFailedException.usage("--pure-limit goes with --trust")
          .hint("a device's slot size stands in its state");
    }
    if (device == null || manifest == null) {
      throw CommandFailedException.usage("--device needs --manifest");
    }
    List<Path> given = profiles == null ? List.of() : profiles;
    return new DeviceQuestion(cli.terminal(), device, given).ask(image, manifest, component);
  }
}
