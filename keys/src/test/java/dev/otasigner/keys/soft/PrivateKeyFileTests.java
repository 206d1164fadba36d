package dev.otasigner.keys.soft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeySuites;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The files were written by OpenSSL 3.0.19 and by the keytool of JDK 17.0.15, under the passphrase
 * {@code open sesame}; their keys sign nothing else:
 *
 * <pre>
 * openssl pkcs12 -export [-legacy | -nomac | -nokeys | -iter 6000000 -nocerts] -inkey KEY -in CRT -name vendor
 * openssl pkcs8 -topk8 [-scrypt | -v2 des3 -v2prf hmacWithSHA1 | -v1 PBE-SHA1-3DES | -v1 PBE-MD5-DES]
 * openssl rsa -traditional [-des3];  openssl ec -aes256;  openssl pkey -outform DER
 * keytool [-J-Dkeystore.pkcs12.legacy] -genkeypair -alias first ...;  keytool -importkeystore ...
 * </pre>
 */
@SuppressWarnings("NullAway.Init")
class PrivateKeyFileTests {
  private static final Path FILES = Path.of("src", "test", "resources");
  private static final String RIGHT = "open sesame";

  @TempDir Path directory;

  private static SoftKey read(Path file, Optional<String> alias, String passphrase)
      throws IOException {
    return PrivateKeyFile.read(
        file,
        alias,
        KeySuites.USUAL,
        () -> Optional.of(Passphrase.ofPrompt(passphrase.toCharArray())));
  }

  private static SoftKey read(String name) throws IOException {
    return read(FILES.resolve(name), Optional.empty(), RIGHT);
  }

  private Path written(byte[] content) throws IOException {
    return Files.write(directory.resolve("key"), content);
  }

  @ParameterizedTest
  @CsvSource({
    "pem/rsa-2048-pkcs1.pem, rsa-2048.pem",
    "pem/rsa-2048-des3.pem, rsa-2048.pem",
    "pem/p256-aes.pem, p256.pem",
    "pem/p256-scrypt.pem, p256.pem",
    "pem/p256-pbes2-3des.pem, p256.pem",
    "pem/p256-pkcs12-3des.pem, p256.pem",
    "pem/p256.der, p256.pem",
    "pkcs12/openssl.p12, rsa-2048.pem",
    "pkcs12/openssl-legacy.p12, rsa-2048.pem",
    "pkcs12/no-mac.p12, p256.pem",
  })
  void theSameKeyIsReadFromEveryForm(String name, String same) throws Exception {
    SoftKey key = read(name);
    assertThat(key.publicKey()).isEqualTo(read("pem/" + same).publicKey());
    byte[] message = {1, 2, 3};
    key.publicKey().verify(message, key.sign(SigningInput.message(message)));
  }

  @Test
  void aKeystoreOfKeytoolsOldFormIsRead() throws Exception {
    assertThat(read("pkcs12/keytool-legacy.p12").publicKey().suite())
        .isEqualTo(SignatureSuite.ECDSA_P256_SHA256);
  }

  @Test
  void theNameOfTheFileSaysNothing() throws Exception {
    Path misnamed = directory.resolve("key.pem");
    Files.copy(FILES.resolve("pkcs12/openssl-legacy.p12"), misnamed);
    assertThat(read(misnamed, Optional.empty(), RIGHT).publicKey())
        .isEqualTo(read("pem/rsa-2048.pem").publicKey());
  }

  @Test
  void ofSeveralKeysOneIsChosenByItsName() throws Exception {
    Path file = FILES.resolve("pkcs12/keytool-two.p12");
    assertThat(read(file, Optional.of("vendor"), RIGHT).publicKey())
        .isEqualTo(read("pem/rsa-2048.pem").publicKey());
    assertThat(read(file, Optional.of("first"), RIGHT).publicKey().suite())
        .isEqualTo(SignatureSuite.ECDSA_P256_SHA256);
  }

  @Test
  void severalKeysWithoutANameAreRefusedAndListed() {
    assertRefused("pkcs12/keytool-two.p12", "holds 2 private keys ('first', 'vendor')");
  }

  @Test
  void aNameThatIsNotThereIsRefusedAndTheOthersListed() {
    Path file = FILES.resolve("pkcs12/keytool-two.p12");
    assertThatThrownBy(() -> read(file, Optional.of("third"), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("no private key named 'third'; it holds 'first', 'vendor'");
  }

  @Test
  void aNameForAPemFileIsRefused() {
    assertThatThrownBy(() -> read(FILES.resolve("pem/p256.pem"), Optional.of("first"), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("no names");
  }

  @Test
  void twoKeysInOnePemFileAreRefused() throws Exception {
    String both =
        Files.readString(FILES.resolve("pem/p256.pem"))
            + Files.readString(FILES.resolve("pem/rsa-2048-pkcs1.pem"));
    Path file = Files.writeString(directory.resolve("both.pem"), both);
    assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessage(file + ": holds two private keys; one is expected");
  }

  @ParameterizedTest
  @CsvSource({
    "pkcs12/no-key.p12, a PKCS#12 file without a private key",
    "pem/p256.crt.pem, no private key (PEM",
    "pem/p256.pub.pem, no private key (PEM",
  })
  void aFileWithoutAPrivateKeyIsRefused(String name, String message) {
    assertRefused(name, message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pem/rsa-2048-des3.pem",
        "pem/p256-aes.pem",
        "pem/p256-scrypt.pem",
        "pem/p256-pkcs12-3des.pem",
        "pkcs12/openssl.p12",
        "pkcs12/openssl-legacy.p12",
        "pkcs12/no-mac.p12",
        "pkcs12/keytool-legacy.p12",
      })
  void aWrongPassphraseIsCalledSo(String name) {
    Path file = FILES.resolve(name);
    assertThatThrownBy(() -> read(file, Optional.empty(), "open barley"))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("passphrase")
        .asInstanceOf(InstanceOfAssertFactories.type(SealBroken.class))
        .extracting(SealBroken::fault)
        .isEqualTo(SealFault.WRONG_PASSPHRASE);
  }

  /** Padding alone would let one wrong passphrase in 256 through. */
  @Test
  void noWrongPassphraseOfManyGivesAnythingButItsName() {
    Path file = FILES.resolve("pem/p256-aes.pem");
    for (int i = 0; i < 1000; i++) {
      String guess = "guess " + i;
      assertThatThrownBy(() -> read(file, Optional.empty(), guess)).isInstanceOf(SealBroken.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pem/p256.pem",
        "pem/p256-scrypt.pem",
        "pem/rsa-2048-des3.pem",
        "pem/p256.der",
        "pkcs12/openssl.p12",
        "pkcs12/openssl-legacy.p12",
        "pkcs12/keytool-two.p12",
      })
  void aFileThatIsCutShortIsCalledSo(String name) throws Exception {
    byte[] whole = Files.readAllBytes(FILES.resolve(name));
    for (int length : new int[] {whole.length - 3, whole.length / 2}) {
      Path file = written(Arrays.copyOf(whole, length));
      // Where base64 is cut, its end line is missing too.
      int cut = name.endsWith(".pem") ? length - 30 : length;
      Files.write(file, Arrays.copyOf(whole, cut));
      assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT))
          .isInstanceOf(BadKey.class)
          .hasMessageStartingWith(file + ": the file is cut short");
    }
  }

  @Test
  void aKeyOfAnotherSuiteIsToldByItsKind() {
    Path file = FILES.resolve("pkcs12/openssl.p12");
    assertThatThrownBy(
            () ->
                PrivateKeyFile.read(
                    file,
                    Optional.empty(),
                    List.of(SignatureSuite.ECDSA_P256_SHA256),
                    () -> Optional.of(Passphrase.ofPrompt(RIGHT.toCharArray()))))
        .isInstanceOf(BadKey.class)
        .hasMessage(file + ": its key is RSA of 2048 bits, not one of ecdsa-p256-sha256");
  }

  @Test
  void aSchemeThatIsNotReadIsNamed() {
    assertRefused("pem/p256-md5-des.pem", "1.2.840.113549.1.5.3");
  }

  /** Six million rounds: OpenSSL opens it, at the file's price. */
  @Test
  void moreWorkThanIsBearableIsRefusedBeforeItIsDone() {
    assertRefused("pkcs12/iterations.p12", "asks for 6000000 iterations");
  }

  /** A MAC of 2^31-1 rounds, as somebody would write into a file to keep a machine busy. */
  @Test
  void theWorkOfTheMacIsBoundedToo() throws Exception {
    String hex = HexFormat.of().formatHex(Files.readAllBytes(FILES.resolve("pkcs12/openssl.p12")));
    int at = hex.lastIndexOf("02020800");
    assertThat(at).isGreaterThan(0);
    // 02 02 0800 becomes 02 02 7fff: still allowed; the bound is proven on the sum below.
    Path allowed = written(HexFormat.of().parseHex(replaced(hex, at, "02027fff")));
    assertThatThrownBy(() -> read(allowed, Optional.empty(), RIGHT)).isInstanceOf(SealBroken.class);
    Path negative = written(HexFormat.of().parseHex(replaced(hex, at, "02028000")));
    assertThatThrownBy(() -> read(negative, Optional.empty(), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("asks for -32768 iterations");
  }

  @Test
  void scryptThatAsksForMoreMemoryThanIsBearableIsRefused() throws Exception {
    byte[] der = pem("pem/p256-scrypt.pem");
    String hex = HexFormat.of().formatHex(der);
    int at = hex.indexOf("02024000" + "020108");
    assertThat(at).isGreaterThan(0);
    Path file = written(HexFormat.of().parseHex(replaced(hex, at, "02024000" + "02017f")));
    assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("asks for scrypt with N 16384, r 127");
  }

  @Test
  void aFileLongerThanAnyKeyIsNotRead() throws Exception {
    Path file = written(new byte[513 * 1024]);
    assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("longer than any");
  }

  @Test
  void nestingWithoutEndIsRefused() throws Exception {
    byte[] nested = new byte[400 * 1024];
    for (int i = 0; i < nested.length; i += 2) {
      nested[i] = 0x30;
      nested[i + 1] = (byte) 0x80;
    }
    Arrays.fill(nested, nested.length - 2, nested.length, (byte) 0);
    Path file = written(nested);
    assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT)).isInstanceOf(BadKey.class);
  }

  @Test
  void nobodyIsAskedForAPassphraseThatIsNotNeeded() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    PrivateKeyFile.read(
        FILES.resolve("pem/p256.pem"),
        Optional.empty(),
        KeySuites.USUAL,
        () -> {
          asked.incrementAndGet();
          return Optional.empty();
        });
    assertThat(asked).hasValue(0);
  }

  /** A byte changed anywhere gives the key, or one of the two refusals, and nothing else. */
  @Test
  void everyFlippedByteIsAnswered() throws Exception {
    for (String name : new String[] {"pkcs12/keytool-legacy.p12", "pem/p256.der"}) {
      byte[] whole = Files.readAllBytes(FILES.resolve(name));
      boolean slow = name.endsWith("p12");
      for (int i = 0; i < whole.length; i += slow ? 7 : 1) {
        byte[] flipped = whole.clone();
        flipped[i] ^= 1;
        Path file = written(flipped);
        try {
          read(file, Optional.empty(), RIGHT);
        } catch (BadKey | SealBroken e) {
          assertThat(e).hasMessageContaining(file.toString());
        }
      }
    }
  }

  private static String replaced(String hex, int at, String with) {
    return hex.substring(0, at) + with + hex.substring(at + with.length());
  }

  private static byte[] pem(String name) throws IOException {
    return PemBlock.onlyKey(FILES, Files.readString(FILES.resolve(name))).der();
  }

  private static void assertRefused(String name, String message) {
    Path file = FILES.resolve(name);
    assertThatThrownBy(() -> read(file, Optional.empty(), RIGHT))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }
}
