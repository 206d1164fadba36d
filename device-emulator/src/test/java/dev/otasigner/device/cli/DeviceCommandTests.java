package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestService;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command from end to end: real TLS, a real flash file, each command a start of its own. */
class DeviceCommandTests {
  private static final TestAuthority RSA = TestAuthority.rsa();
  private static final TestAuthority P384 = TestAuthority.p384();
  private static final KeyPair RSA_KEYS = TestAuthority.rsaKeys();
  private static final KeyPair P384_KEYS = TestAuthority.p384Keys();
  private static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";
  private static final TestKey NEW_IMAGE = TestKey.of(SignatureSuite.RSA_PSS_3072_SHA256, "image");
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519, "manifest");
  private static final TestKey ML_DSA = TestKey.of(SignatureSuite.ML_DSA_65, "manifest");

  @TempDir Path dir;

  private final TestService service = new TestService(RSA, P384);
  private final List<TestServer> servers = new ArrayList<>();
  private TestServer enrolment = start(factoryTls());
  private TestServer legacy = start(legacyTls());
  private TestServer modern = start(modernTls());

  private TestServer start(TestServer.Tls tls) {
    TestServer server = TestServer.start(tls, service.answer());
    servers.add(server);
    return server;
  }

  private static TestServer.Tls factoryTls() {
    return new TestServer.Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(),
        List.of("TLSv1.2", "TLSv1.3"),
        List.of());
  }

  private static TestServer.Tls legacyTls() {
    return new TestServer.Tls(
        RSA_KEYS,
        RSA.chainOf(RSA.server(RSA_KEYS.getPublic())),
        List.of(RSA.certificate(), P384.certificate()),
        List.of("TLSv1.2"),
        List.of(CBC));
  }

  private static TestServer.Tls modernTls() {
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

  private TestBuild build(String version) {
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

  private record Output(int code, String out, String err) {}

  private Output signer(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    return new Output(code, out.toString(), err.toString());
  }

  private Output enrol(String secret) throws IOException {
    Path file = dir.resolve("secret");
    Files.writeString(file, secret + "\n");
    return enrolBy("--secret-file", file.toString());
  }

  /** A device that was born with this key, which the factory's certificate is for. */
  private Output enrolBorn(TestAuthority factory, KeyPair certified, KeyPair held)
      throws IOException {
    Path certificate = dir.resolve("born.pem");
    X509Certificate leaf = factory.device(certified.getPublic(), "gw-0001");
    Files.writeString(certificate, TestAuthority.pem(leaf));
    return enrolBy(
        "--factory-cert", certificate.toString(), "--factory-key", pkcs8(held).toString());
  }

  private Path pkcs8(KeyPair keys) throws IOException {
    return Files.writeString(
        dir.resolve("born.key"),
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n");
  }

  private Output enrolBy(String... credential) {
    List<String> args = new ArrayList<>(device());
    args.addAll(List.of(credential));
    return signer(args.toArray(String[]::new));
  }

  private List<String> device() {
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

  private Output run(String... options) {
    List<String> args = new ArrayList<>(List.of("run", "--flash", dir.resolve("flash").toString()));
    // Nobody listens where 31314 is mapped to: the device falls back to its second port.
    args.addAll(List.of("--port-map", "31314:1,993:" + legacy.port() + ",443:" + modern.port()));
    args.addAll(List.of(options));
    return signer(args.toArray(String[]::new));
  }

  private DeviceState state() throws Exception {
    Output output = signer("state", "--flash", dir.resolve("flash").toString(), "--json");
    return DeviceState.read(output.out().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void deviceIsEnrolledAsAFactoryWould() throws Exception {
    Output output = enrol("once");
    assertThat(output.err()).isEmpty();
    assertThat(output.code()).isZero();
    assertThat(output.out()).startsWith("enrolled gw-0001 on 34.11.0+0, rsa-2048 certificate");
    DeviceState state = state();
    assertThat(state.running().version()).isEqualTo(TestFleet.version("34.11"));
    assertThat(state.securityCounter()).isEqualTo(TestFleet.FACTORY_COUNTER);
    assertThat(state.bootloader()).isEqualTo(TestFleet.factoryBootloader());
    assertThat(state.lineage()).isEqualTo("first");
    assertThat(dir).isDirectoryContaining("glob:**/flash");
    assertThat(dir).isDirectoryNotContaining("glob:**/.flash.new");
  }

  @Test
  void wrongSecretLeavesNoDevice() throws IOException {
    Output output = enrol("twice");
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).contains("403");
    assertThat(dir).isDirectoryNotContaining("glob:**/*flash*");
  }

  @Test
  void secretIsNotSpentOnFilesThatDoNotFit() throws IOException {
    service.factoryFile("root", new byte[100]);
    Output output = enrol("once");
    assertThat(output.code()).isEqualTo(1);
    assertThat(output.err()).startsWith("refused: metadata-digest-mismatch");
    assertThat(service.requests()).noneMatch(r -> r.startsWith("POST"));
    assertThat(dir).isDirectoryNotContaining("glob:**/*flash*");
  }

  @Test
  void secretIsNotSentToAServerOfAnotherAuthority() throws IOException {
    List<String> args = new ArrayList<>(device());
    args.set(args.indexOf(RSA.spkiDigest().hex()), P384.spkiDigest().hex());
    args.addAll(
        List.of("--secret-file", Files.writeString(dir.resolve("secret"), "once").toString()));
    Output output = signer(args.toArray(String[]::new));
    assertThat(output.code()).isEqualTo(3);
    assertThat(enrolment.requests()).isEmpty();
    assertThat(service.requests()).isEmpty();
    assertThat(dir).isDirectoryNotContaining("glob:**/*flash*");
  }

  @Test
  void enrolmentWhoseAnswerWasLostAsksAgainForTheSameKey() throws Exception {
    service.failPosts(true);
    assertThat(enrol("once").code()).isEqualTo(3);
    service.failPosts(false);
    assertThat(enrol("once").code()).isZero();
    assertThat(service.requestedKeys()).hasSize(2);
    assertThat(service.requestedKeys().get(0)).isEqualTo(service.requestedKeys().get(1));
  }

  @Test
  void deviceKeepsTheKeyThatItsFactoryCertified() throws Exception {
    service.trustFactory(P384);
    KeyPair born = TestAuthority.rsaKeys();
    Output output = enrolBorn(P384, born, born);
    assertThat(output.err()).isEmpty();
    assertThat(output.code()).isZero();
    assertThat(service.requestedKeys()).containsExactly(born.getPublic());
    assertThat(run().code()).isZero();
    assertThat(legacy.requests())
        .last()
        .satisfies(
            r ->
                assertThat(r.session().getPeerCertificates()[0].getPublicKey())
                    .isEqualTo(born.getPublic()));
  }

  @Test
  void certificateOfAnotherFactoryLeavesNoDevice() throws IOException {
    service.trustFactory(P384);
    KeyPair born = TestAuthority.rsaKeys();
    Output output = enrolBorn(RSA, born, born);
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).contains("403");
    assertThat(dir).isDirectoryNotContaining("glob:**/*flash*");
  }

  @Test
  void bornKeyOfAnotherKindThanTheProfilesIsRefusedBeforeItIsSent() throws IOException {
    service.trustFactory(RSA);
    Output output = enrolBorn(RSA, P384_KEYS, P384_KEYS);
    assertThat(output.code()).isEqualTo(1);
    assertThat(output.err())
        .startsWith("refused: profile-unfit: the factory certificate's key")
        .contains("rsa-2048", "p-384");
    assertThat(service.requests()).noneMatch(r -> r.startsWith("POST"));
    assertThat(dir).isDirectoryNotContaining("glob:**/*flash*");
  }

  @Test
  void privateKeyOfAnotherCertificateIsRefused() throws IOException {
    Output output = enrolBorn(RSA, TestAuthority.rsaKeys(), RSA_KEYS);
    assertThat(output.code()).isEqualTo(2);
    assertThat(output.err()).contains("the private key is not the certificate's");
    assertThat(service.requests()).isEmpty();
  }

  @Test
  void filesThatAreNoCertificateOrNoKeyAreNamedAndNotQuoted() throws IOException {
    String key = pkcs8(RSA_KEYS).toString();
    Path certificate = dir.resolve("born.pem");
    Files.writeString(certificate, TestAuthority.pem(RSA.device(RSA_KEYS.getPublic(), "gw-0001")));
    Path legacyKey = dir.resolve("legacy.key");
    Files.writeString(legacyKey, Files.readString(Path.of(key)).replace("PRIVATE", "RSA PRIVATE"));
    Path damaged = dir.resolve("damaged.key");
    Files.writeString(damaged, Files.readString(Path.of(key)).replaceFirst("MII[A-Za-z0-9]+", "x"));

    Output noCertificate = enrolBy("--factory-cert", key, "--factory-key", key);
    assertThat(noCertificate.err()).contains("one to 4 certificates in PEM are expected");
    Output noPkcs8 =
        enrolBy("--factory-cert", certificate.toString(), "--factory-key", legacyKey.toString());
    assertThat(noPkcs8.err()).contains("no PRIVATE KEY block (PKCS#8, not encrypted)");
    Output notAKey =
        enrolBy("--factory-cert", certificate.toString(), "--factory-key", damaged.toString());
    assertThat(notAKey.err()).contains("cannot be read as the certificate's kind of key");
    String secret = Files.readAllLines(Path.of(key)).get(3);
    for (Output output : List.of(noCertificate, noPkcs8, notAKey)) {
      assertThat(output.code()).isEqualTo(2);
      assertThat(output.err()).doesNotContain(secret);
    }
  }

  @Test
  void exactlyOneOfSecretAndFactoryCertificateIsExpected() throws IOException {
    String file = Files.writeString(dir.resolve("file"), "once").toString();
    String one = "exactly one of --secret-file and --factory-cert is expected";
    assertThat(enrolBy().err()).contains(one);
    assertThat(enrolBy("--secret-file", file, "--factory-cert", file, "--factory-key", file).err())
        .contains(one);
    String together = "--factory-cert and --factory-key belong together";
    assertThat(enrolBy("--factory-cert", file).err()).contains(together);
    assertThat(enrolBy("--secret-file", file, "--factory-key", file).err()).contains(together);
    assertThat(enrolBy("--factory-cert", file).code()).isEqualTo(2);
    assertThat(service.requests()).isEmpty();
  }

  @Test
  void enrolledDeviceIsNotOverwritten() throws IOException {
    assertThat(enrol("once").code()).isZero();
    Output again = enrol("once");
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains("there is a device in this file already");
  }

  @Test
  void upgradeBridgeAndRenewalOverTheDevicesOwnTls() throws Exception {
    assertThat(enrol("once").code()).isZero();
    Output idle = run();
    assertThat(idle.out()).contains("TLSv1.2 " + CBC).endsWith("up-to-date: 34.11.0+0\n");
    assertThat(idle.code()).isZero();

    service.release("first", build("34.12").counter(6).make());
    Output upgraded = run();
    assertThat(upgraded.out()).endsWith("installed: 34.12.0+0\n");
    assertThat(upgraded.code()).isZero();

    TestProfile next =
        TestProfile.all(ED, ML_DSA)
            .lineage("second")
            .root(service.root("second"))
            .tls(List.of("TLSv1.3"), List.of(GCM))
            .ports(443)
            .serverAnchors(P384.spkiDigest())
            .clientKey(ClientKeyType.P_384);
    Made bridge =
        build("36.14")
            .counter(7)
            .profile(next)
            .image("main", TestFleet.OLD_IMAGE_KEY, NEW_IMAGE)
            .manifestBy(TestFleet.OLD_MANIFEST_KEY, ED, ML_DSA)
            .brings(TestFleet.bootloader("boot-2", NEW_IMAGE.bootAnchor()), TestFleet.OLD_IMAGE_KEY)
            .bridge()
            .make();
    service.release("first", bridge);
    service.release("second", bridge);
    Output rotated = run("--until-idle", "--json");
    assertThat(rotated.err()).isEmpty();
    assertThat(rotated.out())
        .contains("\"result\":\"up-to-date\"")
        .contains("\"version\":\"36.14.0+0\"")
        .contains("TLSv1.3 " + GCM)
        .contains("certificate with a p-384 key");
    DeviceState state = state();
    assertThat(state.clientCert().keyType()).isEqualTo(ClientKeyType.P_384);
    assertThat(state.bootloader().id()).isEqualTo("boot-2");
    assertThat(state.securityCounter()).isEqualTo(7);
    assertThat(modern.requests())
        .last()
        .satisfies(
            r ->
                assertThat(r.session().getPeerCertificates()[0].getPublicKey().getAlgorithm())
                    .isEqualTo("EC"));
  }

  @Test
  void refusalIsPrintedWithItsCode() throws IOException {
    assertThat(enrol("once").code()).isZero();
    service.release("first", build("34.12").hardware("gw-2", "a").make());
    Output refused = run();
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.out().lines().reduce((a, b) -> b).orElse(""))
        .startsWith("refused: wrong-hardware: made for other hardware");
    Output json = run("--json");
    assertThat(json.code()).isEqualTo(1);
    assertThat(json.out()).contains("\"reason\":\"wrong-hardware\"", "\"result\":\"refused\"");
  }

  @Test
  void unreachableServiceIsExitThree() throws IOException {
    assertThat(enrol("once").code()).isZero();
    legacy.close();
    Output output = run();
    assertThat(output.code()).isEqualTo(3);
    assertThat(output.err()).startsWith("signer: error: no server reached on localhost:");
  }

  @Test
  void missingFlashFileSaysWhatMakesOne() {
    Output output = run();
    assertThat(output.code()).isEqualTo(1);
    assertThat(output.err()).contains("no flash file").contains("enrol");
  }

  @Test
  void stateIsReadable() throws IOException {
    assertThat(enrol("once").code()).isZero();
    Output output = signer("state", "--flash", dir.resolve("flash").toString());
    assertThat(output.out()).contains("running     34.11.0+0").contains("boot-1, updatable");
  }

  @Test
  void usageErrorsAreExitTwo() {
    assertThat(signer().code()).isEqualTo(2);
    assertThat(signer("run").err()).startsWith("signer: error: Missing required option: '--flash");
    assertThat(run("--port-map", "x").code()).isEqualTo(2);
    assertThat(run("--once", "--until-idle").code()).isEqualTo(2);
    assertThat(run("--clock-offset", "soon").code()).isEqualTo(2);
  }
}
