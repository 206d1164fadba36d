package dev.otasigner.device.cli;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A service with real TLS, and a device that is a flash file. */
abstract class DeviceCommandBench {
  static final TestAuthority RSA = TestAuthority.rsa();

  static final TestAuthority P384 = TestAuthority.p384();

  static final KeyPair RSA_KEYS = TestAuthority.rsaKeys();

  static final KeyPair P384_KEYS = TestAuthority.p384Keys();

  static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";

  static final String GCM = "TLS_AES_256_GCM_SHA384";

  @TempDir Path dir;

  final TestService service = new TestService(RSA, P384);

  final List<TestServer> servers = new ArrayList<>();

  TestServer enrolment = start(factoryTls());

  TestServer legacy = start(legacyTls());

  TestServer modern = start(modernTls());

  TestServer start(TestServer.Tls tls) {
    TestServer server = TestServer.start(tls, service.answer());
    servers.add(server);
    return server;
  }

  static TestServer.Tls factoryTls() {
    return new TestServer.Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(),
        List.of("TLSv1.2", "TLSv1.3"),
        List.of());
  }

  static TestServer.Tls legacyTls() {
    return new TestServer.Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.2"),
        List.of(CBC));
  }

  static TestServer.Tls modernTls() {
    return new TestServer.Tls(
        P384_KEYS,
        P384.chainOf(P384.server(P384_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.3"),
        List.of(GCM));
  }

  @BeforeEach
  void factory() {
    Bootloader bootloader = TestFleet.factoryBootloader();
    Made factory = build("34.11").make();
    service.factoryFile("bootloader", bootloader.toJson().canonicalBytes());
    service.factoryFile("manifest", factory.envelope().toByteArray());
    service.factoryFile("profile", factory.profile().bytes().toByteArray());
    service.factoryFile("root", service.rootBytes("first"));
    service.factoryFile("image", factory.image("main"));
    service.release("first", factory);
  }

  @AfterEach
  void stop() throws IOException {
    for (TestServer server : servers) {
      server.close();
    }
  }

  TestBuild build(String version) {
    return TestBuild.of(version)
        .built(Instant.parse("2026-05-01T00:00:00Z"))
        .profile(
            TestFleet.factoryProfile()
                .knowsToo("ed25519")
                .lineage("first")
                .root(service.root("first"))
                .ports(31314, 993)
                .serverAnchors(RSA.spkiDigest()));
  }

  record Output(int code, String out, String err) {}

  Output signer(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    return new Output(code, out.toString(), err.toString());
  }

  Output enrol(String secret) throws IOException {
    Path file = dir.resolve("secret");
    Files.writeString(file, secret + "\n");
    return enrolBy("--secret-file", file.toString());
  }

  /** A device that was born with this key, which the factory's certificate is for. */
  Output enrolBorn(TestAuthority factory, KeyPair certified, KeyPair held) throws IOException {
    Path certificate = dir.resolve("born.pem");
    X509Certificate leaf = factory.device(certified.getPublic(), "gw-0001");
    Files.writeString(certificate, TestAuthority.pem(leaf));
    return enrolBy(
        "--factory-cert", certificate.toString(), "--factory-key", pkcs8(held).toString());
  }

  Path pkcs8(KeyPair keys) throws IOException {
    return Files.writeString(
        dir.resolve("born.key"),
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n");
  }

  Output enrolBy(String... credential) {
    List<String> args = new ArrayList<>(device());
    args.addAll(List.of(credential));
    return signer(args.toArray(String[]::new));
  }

  List<String> device() {
    return List.of(
        "enrol",
        "--service",
        "https://localhost:" + enrolment.port(),
        "--server-anchor",
        RSA.spkiDigest().hex(),
        "--product",
        TestFleet.PRODUCT,
        "--hardware",
        "gw-1",
        "--revision",
        "a",
        "--bootloader",
        "boot-1",
        "--build",
        "34.11",
        "--device-id",
        "gw-0001",
        "--channel",
        "stable",
        "--clock",
        "none",
        "--flash",
        dir.resolve("flash").toString());
  }

  Output run(String... options) {
    List<String> args = new ArrayList<>(List.of("run", "--flash", dir.resolve("flash").toString()));
    // Nobody listens where 31314 is mapped to: the device falls back to its second port.
    args.addAll(List.of("--port-map", "31314:1,993:" + legacy.port() + ",443:" + modern.port()));
    args.addAll(List.of(options));
    return signer(args.toArray(String[]::new));
  }

  DeviceState state() throws Exception {
    Output output = signer("state", "--flash", dir.resolve("flash").toString(), "--json");
    return DeviceState.read(output.out().getBytes(StandardCharsets.UTF_8));
  }
}
