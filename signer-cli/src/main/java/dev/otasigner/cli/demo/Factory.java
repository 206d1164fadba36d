package dev.otasigner.cli.demo;

import static dev.otasigner.cli.demo.World.CHANNEL;
import static dev.otasigner.cli.demo.World.HARDWARE;
import static dev.otasigner.cli.demo.World.PRODUCT;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** Act 1: a service, a product of 2019 with the keys and ciphers of its day, and two devices. */
final class Factory {
  private static final String LISTENING = "signer: listening on ";
  private static final String PASSWORD = "signer: administrator password (shown once): ";
  private static final String LEGACY_SUITE = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  private final World world;
  private String address = "";
  private String profile = "";

  Factory(World world) {
    this.world = world;
  }

  void play() throws IOException, StepFailedException {
    Steps steps = world.steps();
    steps.act("1 a product of 2019: RSA-2048, TLS 1.2 ECDHE-RSA-AES128-SHA256");
    steps.step("the service starts", this::startService);
    steps.step("an administrator appoints the maker's engineer", this::appoint);
    steps.step("product, hardware and listeners are registered", this::registerProduct);
    steps.step("the maker's RSA-2048 keys move into the token", this::importKeys);
    steps.step("bootloader and profile of 2019 are registered", this::registerTrust);
    steps.step("factory build 34.11 is signed and judged", this::signFactoryBuild);
    steps.step("two devices enrol with keys of their own", this::enrolDevices);
  }

  private String startService() throws IOException, StepFailedException {
    Program service = world.service();
    Process process =
        service.start("--data", service.directory().resolve("data").toString(), "--port", "0");
    String password = "";
    List<String> said = new ArrayList<>();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    while (address.isEmpty() || password.isEmpty()) {
      String line = output.readLine();
      if (line == null) {
        throw new StepFailedException("the service ended:\n" + String.join("\n", said));
      }
      said.add(line);
      address = line.startsWith(LISTENING) ? line.substring(LISTENING.length()) : address;
      password = line.startsWith(PASSWORD) ? line.substring(PASSWORD.length()) : password;
    }
    handOut(password, world.administrator());
    Thread log = new Thread(() -> drain(output, service.directory().resolve("log")), "service-log");
    log.setDaemon(true);
    log.start();
    return address;
  }

  private static void drain(BufferedReader output, Path file) {
    try (output) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        Files.writeString(
            file,
            line + "\n",
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      // The service has ended, or the stage is being cleared: there is nothing to keep any more.
    }
  }

  private String appoint() throws IOException, StepFailedException {
    Program administrator = world.administrator();
    login(administrator, "admin");
    Output added =
        administrator
            .run(
                "users",
                "add",
                "engineer",
                "--json",
                "--role",
                "release-engineer,key-custodian,auditor")
            .requireDone();
    Program engineer = world.engineer();
    handOut(Answers.text(added, "oneTimePassword"), engineer);
    login(engineer, "engineer");
    return "";
  }

  /** A one-time password to sign in with, and the one that takes its place. */
  private static void handOut(String oneTime, Program who) throws IOException {
    byte[] own = new byte[18];
    new SecureRandom().nextBytes(own);
    Files.writeString(who.directory().resolve("one-time"), oneTime + "\n");
    Files.writeString(
        who.directory().resolve("password"), Base64.getUrlEncoder().encodeToString(own) + "\n");
  }

  private void login(Program who, String user) throws IOException, StepFailedException {
    who.run(
            "login",
            "--service",
            address,
            "--user",
            user,
            "--password-file",
            "one-time",
            "--new-password-file",
            "password")
        .requireDone();
  }

  private String registerProduct() throws IOException, StepFailedException {
    Program administrator = world.administrator();
    administrator
        .run("products", "add", PRODUCT, "--even-majors-only", "--timestamp-days", "7")
        .requireDone();
    CompletableFuture<Output> hardware =
        world
            .engineer()
            .running("hardware", "add", HARDWARE, "--product", PRODUCT, "--revision", "a,b");
    CompletableFuture<Output> channel =
        world.engineer().running("channels", "add", CHANNEL, "--product", PRODUCT);
    CompletableFuture<Output> enrol =
        administrator.running(
            "listeners",
            "open",
            "enrol",
            "--kind",
            "enrol",
            "--port",
            Integer.toString(world.ports().enrol()),
            "--tls",
            "TLSv1.2,TLSv1.3",
            "--suite",
            "TLS_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "--server-key",
            "rsa-2048");
    administrator
        .run(
            "listeners",
            "open",
            "legacy",
            "--port",
            Integer.toString(world.ports().legacy()),
            "--tls",
            "TLSv1.2",
            "--suite",
            LEGACY_SUITE,
            "--server-key",
            "rsa-2048")
        .requireDone();
    Program.ended(enrol).requireDone();
    Program.ended(hardware).requireDone();
    Program.ended(channel).requireDone();
    return "";
  }

  private String importKeys() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    MakersKeys.generate(engineer.directory().resolve("image-2019.pem"));
    MakersKeys.generate(engineer.directory().resolve("manifest-2019.pem"));
    CompletableFuture<Output> image = importing("image-2019", "image", "rsa-pss-2048-sha256");
    CompletableFuture<Output> manifest =
        importing("manifest-2019", "manifest", "rsa-pkcs1-2048-sha256");
    Program.ended(image).requireDone();
    Program.ended(manifest).requireDone();
    return "";
  }

  private CompletableFuture<Output> importing(String name, String purpose, String suite)
      throws IOException {
    return world
        .engineer()
        .running(
            "keys", "import", name, "--purpose", purpose, "--suite", suite, "--key", name + ".pem");
  }

  private String registerTrust() throws IOException, StepFailedException {
    Program engineer = world.engineer();
    CompletableFuture<Output> bootloader =
        engineer.running(
            "bootloaders",
            "add",
            "boot-2019",
            "--product",
            PRODUCT,
            "--hardware",
            HARDWARE,
            "--anchor",
            "image-2019",
            "--slot-bytes",
            Long.toString(world.slotBytes()));
    Files.writeString(
        engineer.directory().resolve("profile-2019.json"),
        String.format(
            Locale.ROOT,
            """
        {"schema": 1,
         "knows": ["rsa-pkcs1-2048-sha256", "rsa-pss-2048-sha256", "ecdsa-p256-sha256", "ed25519"],
         "manifest": {"rule": {"any": ["manifest-2019"]}},
         "lineage": {"name": "%s"},
         "minStrengthBits": 112,
         "tls": {"versions": ["TLSv1.2"], "suites": ["%s"], "groups": ["secp256r1"],
                 "serverAnchors": ["server"], "clientKey": "rsa-2048"},
         "servers": ["localhost"], "ports": [%d]}
        """,
            World.LINEAGE,
            LEGACY_SUITE,
            world.ports().legacy()));
    profile = Builds.registerProfile(world, "profile-2019.json");
    Program.ended(bootloader).requireDone();
    return "";
  }

  private String signFactoryBuild() throws IOException, StepFailedException {
    Builds.sign(world, "34.11", 1, profile, List.of("image-2019"), List.of("manifest-2019"))
        .requireDone();
    return "";
  }

  private String enrolDevices() throws IOException, StepFailedException {
    CompletableFuture<Output> firstAdded = adding(world, World.FIRST_DEVICE);
    CompletableFuture<Output> secondAdded = adding(world, World.SECOND_DEVICE);
    String anchor = serverAnchor(world);
    CompletableFuture<Output> first =
        enrolling(World.FIRST_DEVICE, Program.ended(firstAdded).requireDone(), anchor);
    CompletableFuture<Output> second =
        enrolling(World.SECOND_DEVICE, Program.ended(secondAdded).requireDone(), anchor);
    Program.ended(first).requireDone();
    Program.ended(second).requireDone();
    return "";
  }

  /** Puts a device on the list of those that were made with the factory build. */
  static CompletableFuture<Output> adding(World world, String id) throws IOException {
    return world
        .engineer()
        .running(
            "devices",
            "add",
            id,
            "--json",
            "--product",
            PRODUCT,
            "--hardware",
            HARDWARE,
            "--revision",
            "a",
            "--bootloader",
            "boot-2019",
            "--channel",
            CHANNEL,
            "--build",
            "34.11");
  }

  private CompletableFuture<Output> enrolling(String id, Output added, String anchor)
      throws IOException, StepFailedException {
    Program device = world.device(id);
    Files.writeString(device.directory().resolve("secret"), Answers.text(added, "secret") + "\n");
    return device.running(
        "enrol",
        "--service",
        "https://localhost:" + world.ports().enrol(),
        "--server-anchor",
        anchor,
        "--product",
        PRODUCT,
        "--hardware",
        HARDWARE,
        "--revision",
        "a",
        "--bootloader",
        "boot-2019",
        "--build",
        "34.11",
        "--device-id",
        id,
        "--channel",
        CHANNEL,
        "--secret-file",
        "secret",
        "--flash",
        "flash.bin");
  }

  /** What the factory's machine pins: the authority behind the enrolment listener's RSA key. */
  static String serverAnchor(World world) throws IOException, StepFailedException {
    Output keys = world.engineer().run("keys", "list", "--json").requireDone();
    return Answers.find(keys, "purpose", "server-tls", "suite", "rsa-", "keyId");
  }
}
