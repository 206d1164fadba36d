package dev.otasigner.device.cli;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.Enrolment;
import dev.otasigner.device.enrol.FactoryCertificate;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.transport.HttpProxy;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes a device as a factory would. */
@Command(
    name = "enrol",
    description = "Make a device: fetch its factory build, make its key, have it certified.",
    mixinStandardHelpOptions = true)
final class EnrolCommand implements Callable<Integer> {
  private static final int MAX_SECRET = 1024;
  private static final int MAX_PEM = 32 * 1024;

  @Option(
      names = "--service",
      required = true,
      paramLabel = "https://HOST:PORT",
      description = "the service's enrolment listener")
  private URI service = URI.create("");

  @Option(
      names = "--server-anchor",
      required = true,
      paramLabel = "DIGEST",
      description = "SHA-256 of the SPKI of the service's certificate authority, in hex")
  private String serverAnchor = "";

  @Option(names = "--product", required = true, paramLabel = "P", description = "the product")
  private String product = "";

  @Option(names = "--hardware", required = true, paramLabel = "H", description = "hardware id")
  private String hardware = "";

  @Option(names = "--revision", required = true, paramLabel = "R", description = "its revision")
  private String revision = "";

  @Option(
      names = "--bootloader",
      required = true,
      paramLabel = "B",
      description = "id of a registered bootloader")
  private String bootloader = "";

  @Option(
      names = "--build",
      required = true,
      paramLabel = "V",
      description = "version of the factory build, such as 34.11")
  private String build = "";

  @Option(names = "--device-id", required = true, paramLabel = "D", description = "serial number")
  private String deviceId = "";

  @Option(names = "--channel", required = true, paramLabel = "C", description = "update channel")
  private String channel = "";

  @Option(
      names = "--clock",
      defaultValue = "rtc",
      paramLabel = "rtc|network|none",
      description = "how the device knows the time (default: ${DEFAULT-VALUE})")
  private String clock = "rtc";

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description = "the device's one-time secret; - reads it from standard input")
  private @Nullable Path secretFile;

  @Option(
      names = "--factory-cert",
      paramLabel = "CHAIN.pem",
      description = "instead of a secret: the factory's certificate for the device's key")
  private @Nullable Path factoryCert;

  @Option(
      names = "--factory-key",
      paramLabel = "KEY.pem",
      description = "the key it is for, PKCS#8; it becomes the device's key")
  private @Nullable Path factoryKey;

  @Mixin private ProxyOptions proxy = new ProxyOptions();

  @Mixin private FlashOption flash = new FlashOption();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, RejectedException {
    if (proxy.readsStandardInput() && Path.of("-").equals(secretFile)) {
      throw wrong("--secret-file and --proxy-password-file cannot both be standard input");
    }
    Optional<HttpProxy> through = proxy.read();
    NewDevice device = device(through);
    Credential credential = credential();
    TlsDialer dialer =
        new TlsDialer(
            TlsPolicy.ofFactory(anchor()),
            Optional.empty(),
            Clock.systemUTC().instant(),
            true,
            Timeouts.DEFAULT);
    try (Uplink uplink =
        new Uplink(List.of(route()), dialer, Timeouts.DEFAULT, NetworkMemory.of(through))) {
      DeviceState state = Enrolment.enrol(uplink, device, credential, flash.file.toAbsolutePath());
      spec.commandLine()
          .getOut()
          .println(
              "enrolled "
                  + state.deviceId()
                  + " on "
                  + state.running().version()
                  + ", "
                  + state.clientCert().keyType().code()
                  + " certificate until "
                  + state.clientCert().notAfter());
    }
    return ExitCode.DONE;
  }

  private NewDevice device(Optional<HttpProxy> through) {
    ClockClass kind = ClockClass.ofCode(clock);
    if (kind == null) {
      throw wrong("--clock: rtc, network or none is expected");
    }
    try {
      return new NewDevice(
          deviceId,
          product,
          new DeviceState.Hardware(hardware, revision),
          bootloader,
          ImageVersion.parseLenient(build),
          channel,
          kind,
          through);
    } catch (RejectedException e) {
      throw wrong("--build: " + e.getMessage());
    }
  }

  private Digest anchor() {
    try {
      return Digest.parse(serverAnchor);
    } catch (RejectedException e) {
      throw wrong("--server-anchor: " + e.getMessage());
    }
  }

  private Route route() {
    String host = service.getHost();
    if (!"https".equals(service.getScheme()) || host == null || service.getPort() < 1) {
      throw wrong("--service: https://HOST:PORT is expected");
    }
    try {
      // An IPv6 address stands in brackets in a URI, and nowhere else.
      return new Route(host.replaceAll("^\\[|\\]$", ""), service.getPort());
    } catch (IllegalArgumentException e) {
      throw wrong("--service: https://HOST:PORT is expected");
    }
  }

  private Credential credential() throws IOException {
    if ((secretFile == null) == (factoryCert == null)) {
      throw wrong("exactly one of --secret-file and --factory-cert is expected");
    }
    if ((factoryCert == null) != (factoryKey == null)) {
      throw wrong("--factory-cert and --factory-key belong together");
    }
    if (secretFile != null) {
      return new Credential.OneTimeSecret(text("--secret-file", secretFile, MAX_SECRET).strip());
    }
    String chain = text("--factory-cert", Objects.requireNonNull(factoryCert), MAX_PEM);
    String key = text("--factory-key", Objects.requireNonNull(factoryKey), MAX_PEM);
    try {
      return FactoryCertificate.read(chain, key);
    } catch (IOException e) {
      throw wrong("--factory-cert, --factory-key: " + e.getMessage());
    }
  }

  private String text(String option, Path file, int maxBytes) throws IOException {
    try (InputStream in = file.toString().equals("-") ? System.in : Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw wrong(option + ": over " + maxBytes + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw wrong(option + ": " + file + " is not there");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
