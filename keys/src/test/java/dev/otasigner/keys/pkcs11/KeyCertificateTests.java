package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import org.junit.jupiter.api.Test;

/** Which certificates in a token are believed. */
class KeyCertificateTests {
  private static final String OURS = "SERIALNUMBER=ecdsa-p256-sha256,OU=image,CN=release";

  private static Bytes spki(KeyPair pair) {
    return Bytes.copyOf(pair.getPublic().getEncoded());
  }

  private static byte[] selfSigned(String name) throws Exception {
    KeyPair pair = Certificates.p256();
    return Certificates.make(name, spki(pair), pair);
  }

  @Test
  void oneThatTheKeyItselfSignedTellsNameSuiteAndPurpose() throws Exception {
    assertThat(KeyCertificate.read(selfSigned(OURS)))
        .hasValueSatisfying(
            key -> {
              assertThat(key.name()).isEqualTo("release");
              assertThat(key.purpose()).isEqualTo(KeyPurpose.IMAGE);
              assertThat(key.suite()).isEqualTo(SignatureSuite.ECDSA_P256_SHA256);
            });
  }

  @Test
  void oneOfSomebodyElsesFormIsIgnored() throws Exception {
    assertThat(KeyCertificate.read(selfSigned("CN=release"))).isEmpty();
    assertThat(KeyCertificate.read(selfSigned("CN=release,OU=image"))).isEmpty();
  }

  @Test
  void oneThatAnotherKeySignedIsIgnored() throws Exception {
    byte[] forged = Certificates.make(OURS, spki(Certificates.p256()), Certificates.p256());
    assertThat(KeyCertificate.read(forged)).isEmpty();
  }

  @Test
  void oneOfASuiteThatTheKeyIsNotOfIsIgnored() throws Exception {
    for (String suite : new String[] {"ecdsa-p384-sha384", "rsa-pss-2048-sha256", "ed25519"}) {
      assertThat(KeyCertificate.read(selfSigned("SERIALNUMBER=" + suite + ",OU=image,CN=release")))
          .as(suite)
          .isEmpty();
    }
  }

  @Test
  void oneOfAnUnknownPurposeOrNameIsIgnored() throws Exception {
    for (String name :
        new String[] {
          OURS.replace("image", "anything"),
          OURS.replace("release", "Release 1"),
          OURS.replace("ecdsa-p256-sha256", "ecdsa-p256-md5"),
          OURS + ",CN=other",
          OURS + ",OU=root"
        }) {
      assertThat(KeyCertificate.read(selfSigned(name))).as(name).isEmpty();
    }
  }

  @Test
  void oneThatWasChangedIsIgnored() throws Exception {
    byte[] changed = selfSigned(OURS);
    String text = new String(changed, StandardCharsets.ISO_8859_1);
    byte[] renamed = text.replace("image", "audit").getBytes(StandardCharsets.ISO_8859_1);
    assertThat(renamed).isNotEqualTo(changed);
    assertThat(KeyCertificate.read(renamed)).isEmpty();
  }

  @Test
  void bytesThatAreNoCertificateAreIgnored() {
    assertThat(KeyCertificate.read(new byte[0])).isEmpty();
    assertThat(KeyCertificate.read("no certificate".getBytes(StandardCharsets.UTF_8))).isEmpty();
  }

  @Test
  void whatIsMadeIsRead() throws Exception {
    KeyPair pair = Certificates.p256();
    VerificationKey key = VerificationKey.of(SignatureSuite.ECDSA_P256_SHA256, spki(pair));
    KeySpec spec = new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.ROOT);
    assertThat(
            KeyCertificate.read(KeyCertificate.make(spec, key, m -> Certificates.signed(pair, m))))
        .hasValueSatisfying(read -> assertThat(read.publicKey()).isEqualTo(key));
  }
}
