package dev.otasigner.system;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A product that builds can be signed for and released: one board, one channel, one bootloader, an
 * image key and a manifest key; and the two people who registered it.
 */
record RegisteredProduct(Operator administrator, Operator engineer) {
  static final String PRODUCT = "thermostat";
  static final String LINEAGE = "default";
  static final String HARDWARE = "board";
  static final String REVISION = "a";
  static final String BOOTLOADER = "boot";
  static final String CHANNEL = "stable";

  /** TLS 1.3 in one suite: what the profiles speak, and a listener for them has to. */
  static final String TLS_SUITE = "TLS_AES_256_GCM_SHA384";

  /** Registers everything at a service on a new directory. */
  static RegisteredProduct at(ServiceProcess service, Path directory) throws Exception {
    return at(service, directory, "software");
  }

  /** The same, with the image key in this token. */
  static RegisteredProduct at(ServiceProcess service, Path directory, String token)
      throws Exception {
    Operator administrator = Operator.in(directory.resolve("administrator"));
    administrator.signIn(service, "admin", service.password());
    String password =
        administrator
            .run("users", "add", "engineer", "--json", "--role", "release-engineer,key-custodian")
            .requireDone()
            .json()
            .string("oneTimePassword");
    administrator.run("products", "add", PRODUCT).requireDone();
    Operator engineer = Operator.in(directory.resolve("engineer"));
    engineer.signIn(service, "engineer", password);
    Files.write(engineer.directory().resolve("payload"), payload());
    for (String[] command :
        new String[][] {
          {"hardware", "add", HARDWARE, "--product", PRODUCT, "--revision", REVISION},
          {"channels", "add", CHANNEL, "--product", PRODUCT},
          {
            "keys",
            "create",
            "image",
            "--token",
            token,
            "--purpose",
            "image",
            "--suite",
            "ecdsa-p256-sha256"
          },
          {"keys", "create", "manifest", "--purpose", "manifest", "--suite", "ed25519"},
          {
            "bootloaders",
            "add",
            BOOTLOADER,
            "--product",
            PRODUCT,
            "--hardware",
            HARDWARE,
            "--anchor",
            "image",
            "--slot-bytes",
            "1048576"
          },
        }) {
      engineer.run(command).requireDone();
    }
    return new RegisteredProduct(administrator, engineer);
  }

  private static byte[] payload() throws IOException {
    try (InputStream in = RegisteredProduct.class.getResourceAsStream("RegisteredProduct.class")) {
      return in == null ? new byte[0] : in.readAllBytes();
    }
  }

  /** Sessions outlive the service; only its port is another. */
  void signIn(ServiceProcess service) throws IOException {
    engineer
        .run(
            "login",
            "--service",
            service.address(),
            "--user",
            "engineer",
            "--password-file",
            "password")
        .requireDone();
  }

  /** Registers a profile of devices with such a TLS key that dial this port; returns its digest. */
  String addProfile(String clientKey, int port) throws IOException, RejectedException {
    String file = "profile-" + clientKey + ".json";
    Files.writeString(
        engineer.directory().resolve(file),
        String.format(
            Locale.ROOT,
            """
            {"schema": 1, "knows": ["ed25519", "ecdsa-p256-sha256"],
             "manifest": {"rule": {"any": ["manifest"]}}, "lineage": {"name": "%s"},
             "minStrengthBits": 112,
             "tls": {"versions": ["TLSv1.3"], "suites": ["%s"],
                     "groups": ["secp384r1"], "serverAnchors": ["server"], "clientKey": "%s"},
             "servers": ["localhost"], "ports": [%d]}
            """,
            LINEAGE,
            TLS_SUITE,
            clientKey,
            port));
    return engineer
        .run("profiles", "add", file, "--json", "--product", PRODUCT)
        .requireDone()
        .json()
        .string("digest");
  }

  Operator.Answer sign(String version, String profile) {
    return engineer.run(
        "sign",
        "payload",
        "--product",
        PRODUCT,
        "--hardware",
        HARDWARE,
        "--version",
        version,
        "--security-counter",
        "1",
        "--pad-header",
        "--profile",
        profile,
        "--image-key",
        "image",
        "--manifest-key",
        "manifest",
        "-o",
        version + ".img",
        "--manifest-output",
        version + ".dsse");
  }

  /** Registers a build that is finished already. */
  Operator.Answer push(String version) {
    return engineer.run(
        "push", version + ".img", "--manifest", version + ".dsse", "--product", PRODUCT);
  }

  /** Registers the profile for this client key once more, in another lineage. */
  Operator.Answer addLineage(String lineage, String clientKey) throws IOException {
    Path profile = engineer.directory().resolve("profile-" + clientKey + ".json");
    Files.writeString(
        engineer.directory().resolve("profile-" + lineage + ".json"),
        Files.readString(profile)
            .replace("\"name\": \"" + LINEAGE + "\"", "\"name\": \"" + lineage + "\""));
    return engineer.run("profiles", "add", "profile-" + lineage + ".json", "--product", PRODUCT);
  }

  Operator.Answer publish(String version) {
    return engineer.run(
        "release",
        "publish",
        version,
        "--product",
        PRODUCT,
        "--channel",
        CHANNEL,
        "--hardware",
        HARDWARE);
  }
}
