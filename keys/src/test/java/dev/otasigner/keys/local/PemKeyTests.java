package dev.otasigner.keys.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The keys in {@code pem/} were made for this test by {@code openssl genpkey}, {@code ecparam} and
 * {@code pkcs8 -topk8}, and sign nothing else.
 */
@SuppressWarnings("NullAway.Init")
class PemKeyTests {
  @TempDir Path directory;

  private static Path resource(String name) {
    return Path.of("src", "test", "resources", "pem", name);
  }

  private Path written(String pem) throws IOException {
    return Files.writeString(directory.resolve("key.pem"), pem);
  }

  private static Optional<Passphrase> passphrase(String text) {
    return Optional.of(Passphrase.ofPrompt(text.toCharArray()));
  }

  private static void requireSigns(PemKey key) throws Exception {
    byte[] message = {1, 2, 3};
    key.key().verify(message, key.sign(SigningInput.message(message)));
  }

  @Test
  void aKeyInPkcs8IsRead() throws Exception {
    PemKey key = PemKey.forImages(resource("p256.pem"), Optional.empty());
    assertThat(key.key().suite()).isEqualTo(SignatureSuite.ECDSA_P256_SHA256);
    requireSigns(key);
  }

  @Test
  void anRsaKeySignsImagesWithPssAndDocumentsWithPkcs1() throws Exception {
    Path file = resource("rsa-2048.pem");
    PemKey image = PemKey.forImages(file, Optional.empty());
    PemKey usual = PemKey.usual(file, Optional.empty());
    assertThat(image.key().suite()).isEqualTo(SignatureSuite.RSA_PSS_2048_SHA256);
    assertThat(usual.key().suite()).isEqualTo(SignatureSuite.RSA_PKCS1_2048_SHA256);
    requireSigns(image);
    requireSigns(usual);
  }

  @Test
  void theOlderFormOfAnEllipticCurveKeyIsRead() throws Exception {
    requireSigns(PemKey.forImages(resource("p384-sec1.pem"), Optional.empty()));
  }

  @Test
  void anEncryptedKeyIsReadWithItsPassphrase() throws Exception {
    PemKey key = PemKey.forImages(resource("ed25519-encrypted.pem"), passphrase("open sesame"));
    assertThat(key.key().suite()).isEqualTo(SignatureSuite.ED25519);
    requireSigns(key);
  }

  @Test
  void aWrongPassphraseIsCalledSo() throws Exception {
    Path file = resource("ed25519-encrypted.pem");
    assertThatThrownBy(() -> PemKey.forImages(file, passphrase("open barley")))
        .isInstanceOf(SealBroken.class)
        .hasMessageContaining("passphrase")
        .hasMessageContaining(file.toString());
  }

  @Test
  void anEncryptedKeyWithoutPassphraseSaysWhatIsMissing() throws Exception {
    Path file = resource("ed25519-encrypted.pem");
    assertThatThrownBy(() -> PemKey.forImages(file, Optional.empty()))
        .isInstanceOf(KeyOperationException.BadKey.class)
        .hasMessageContaining("encrypted");
  }

  @Test
  void aPublicKeyIsNoPrivateKey() throws Exception {
    Path file = written("-----BEGIN PUBLIC KEY-----\nMCowBQ==\n-----END PUBLIC KEY-----\n");
    assertThatThrownBy(() -> PemKey.usual(file, Optional.empty()))
        .isInstanceOf(KeyOperationException.BadKey.class)
        .hasMessageContaining("no private key");
  }

  @Test
  void aKeyOfAnotherSuiteSaysWhichWereExpected() throws Exception {
    Path file = resource("p256.pem");
    assertThatThrownBy(() -> PemKey.of(file, SignatureSuite.ED25519, Optional.empty()))
        .isInstanceOf(KeyOperationException.BadKey.class)
        .hasMessageContaining("ed25519");
  }

  @Test
  void aDamagedKeyIsNotQuoted() throws Exception {
    String pem = Files.readString(resource("p256.pem"));
    String body = pem.substring(pem.indexOf('\n') + 1);
    Path file = written(pem.replace(body.substring(0, 12), "AAAAAAAAAAAA"));
    assertThatThrownBy(() -> PemKey.forImages(file, Optional.empty()))
        .isInstanceOf(KeyOperationException.BadKey.class)
        .hasNoCause()
        .hasMessageNotContaining(body.substring(20, 40));
  }

  @Test
  void noKeyMaterialShows() throws Exception {
    String text = PemKey.forImages(resource("p256.pem"), Optional.empty()).toString();
    assertThat(text).startsWith("private half of ecdsa-p256-sha256:").hasSizeLessThan(60);
  }
}
