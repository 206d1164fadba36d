package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.testing.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a device gets its certificate, and what leaves none behind. */
class EnrolCommandTests extends DeviceCommandBench {
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
}
