package dev.otasigner.system;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    return addProfile(clientKey, port, "server");
  }

  /** The same, of devices that believe another server too; it is named by its key's digest. */
  String addDeceivedProfile(String clientKey, int port, Digest other)
      throws IOException, RejectedException {
    return addProfile(clientKey, port, "server\", \"" + other);
  }

  private String addProfile(String clientKey, int port, String serverAnchors)
      throws IOException, RejectedException {
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
                     "groups": ["secp384r1"], "serverAnchors": ["%s"], "clientKey": "%s"},
             "servers": ["localhost"], "ports": [%d]}
            """,
            LINEAGE,
            TLS_SUITE,
            serverAnchors,
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

  /** A user who approves, with a key of her own. */
  void addApprover(ServiceProcess service, String name) throws Exception {
    String password =
        administrator
            .run("users", "add", name, "--json", "--role", "approver")
            .requireDone()
            .json()
            .string("oneTimePassword");
    Operator approver = Operator.in(engineer.directory().resolveSibling(name));
    approver.signIn(service, name, password);
    approver.run("keygen", "--type", "ecdsa-p256", "-o", name + ".pem").requireDone();
  }

  private Operator approver(ServiceProcess service, String name) {
    Operator approver = new Operator(engineer.directory().resolveSibling(name));
    approver
        .run("login", "--service", service.address(), "--user", name, "--password-file", "password")
        .requireDone();
    return approver;
  }

  /** The worker's own file: the image key signs with this person's approval only. */
  void requireApproval(Path data, String name) throws IOException {
    Path pem = engineer.directory().resolveSibling(name).resolve(name + ".pub.pem");
    String spki = Files.readString(pem).replaceAll("-----[A-Z ]+-----|\\s", "");
    Path file = data.resolve("worker/worker.json");
    String worker = Files.readString(file);
    String changed =
        worker
            .replaceFirst(
                "\"approvers\"\\s*:\\s*\\[\\s*]",
                "\"approvers\":[{\"person\":\"" + name + "\",\"spki\":\"" + spki + "\"}]")
            .replaceFirst(
                "(\"rules\"[\\s\\S]*?)\"minApprovals\"\\s*:\\s*0(\\s*,\\s*\"purpose\"\\s*:\\s*\"image\")",
                "$1\"minApprovals\":1$2");
    if (!changed.contains(spki) || !changed.contains("\"minApprovals\":1")) {
      throw new IOException("the worker's file is not as expected: " + worker);
    }
    Files.writeString(file, changed);
  }

  /** Requests that wait for approvals. */
  List<String> waiting(ServiceProcess service) throws Exception {
    Operator.Answer listed =
        approver(service, "alice").run("approvals", "list", "--json").requireDone();
    List<String> ids = new ArrayList<>();
    Matcher id = Pattern.compile("\"id\"\\s*:\\s*\"([0-9a-f-]{36})\"").matcher(listed.out());
    while (id.find()) {
      ids.add(id.group(1));
    }
    return ids;
  }

  Operator.Answer approve(ServiceProcess service, String name, String id) {
    return approver(service, name)
        .run("approvals", "approve", id, "--key", name + ".pem", "--as", name, "--yes");
  }

  String state(ServiceProcess service, String id) throws RejectedException {
    return approver(service, "alice")
        .run("approvals", "show", id, "--json")
        .requireDone()
        .json()
        .string("state");
  }

  /** The worker's own file: it makes keys for bare digests. */
  void allowBareDigests(Path data) throws IOException {
    Path file = data.resolve("worker/worker.json");
    String worker = Files.readString(file);
    String member = "{\"minApprovals\":0,\"purpose\":\"bare-digest\"},";
    Files.writeString(file, worker.replaceFirst("\"defaults\"\\s*:\\s*\\[", "$0" + member));
  }

  /** A key for bare digests, and a policy that lets it sign them. */
  void makeBareDigestKey(ServiceProcess service) throws IOException {
    signIn(service);
    engineer
        .run("keys", "create", "bare", "--purpose", "bare-digest", "--suite", "ecdsa-p256-sha256")
        .requireDone();
    engineer.run("keys", "activate", "bare");
    administrator
        .run(
            "login",
            "--service",
            service.address(),
            "--user",
            "admin",
            "--password-file",
            "password")
        .requireDone();
    Files.writeString(administrator.directory().resolve("policy.json"), "{\"bareDigests\": true}");
    administrator.run("products", "set-policy", PRODUCT, "policy.json").requireDone();
  }

  /** Under one idempotency key. */
  Operator.Answer signDigest(String idempotencyKey) {
    return engineer.run(
        "sign-digest",
        "ab".repeat(32),
        "--product",
        PRODUCT,
        "--key",
        "bare",
        "--idempotency-key",
        idempotencyKey);
  }

  /** One call, which is not repeated when it is cut off. */
  Operator.Answer upload(ServiceProcess service, byte[] payload) {
    try {
      Path session = engineer.directory().resolve("home/session.json");
      String token = JsonReader.readObject(Files.readAllBytes(session), 1 << 16).string("token");
      URI uri = URI.create(service.address() + "/api/v1/payloads/" + Digest.of(payload));
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(uri)
                      .header("Authorization", "Bearer " + token)
                      .PUT(HttpRequest.BodyPublishers.ofByteArray(payload))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      return new Operator.Answer(answer.statusCode() == 201 ? 0 : 1, answer.body(), "");
    } catch (IOException e) {
      return new Operator.Answer(1, "", String.valueOf(e.getMessage()));
    } catch (InterruptedException | RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  Operator.Answer publish(String version) {
    return release("publish", version);
  }

  /** Decides about a release, or shows it. */
  Operator.Answer release(String what, String version) {
    return engineer.run(
        "release",
        what,
        version,
        "--product",
        PRODUCT,
        "--channel",
        CHANNEL,
        "--hardware",
        HARDWARE);
  }
}
