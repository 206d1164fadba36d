package dev.otasigner.keys.soft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.CapabilityContract;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class SoftwareTokenTests implements CapabilityContract {
  private static final Argon2Cost CHEAP = new Argon2Cost(64, 1, 1);
  private static final String PASSPHRASE = "correct horse battery staple";
  private static final KeySpec SPEC =
      new KeySpec("image-p256", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE);

  @TempDir Path temporary;
  private Path directory;
  private SoftwareToken token;

  @BeforeEach
  void create() {
    directory = temporary.resolve("token");
    token = SoftwareToken.create(directory, passphrase(PASSPHRASE), CHEAP);
  }

  @AfterEach
  void close() {
    token.close();
  }

  @Override
  public Set<SignatureSuite> suites() {
    return EnumSet.complementOf(EnumSet.of(SignatureSuite.HSS_LMS));
  }

  @Test
  void aHashIsNotSignedAsAMessage() {
    Digest ed25519 =
        token.generate(new KeySpec("e", SignatureSuite.ED25519, KeyPurpose.IMAGE)).keyId();
    SigningInput sha256 = SigningInput.hash(Digest.of(MESSAGE).bytes(), "SHA-256");
    assertThatThrownBy(() -> token.sign(ed25519, sha256))
        .isInstanceOf(KeyOperationException.NotSupported.class);
  }

  @Override
  public Token token() {
    return token;
  }

  private static Passphrase passphrase(String text) {
    return Passphrase.ofPrompt(text.toCharArray());
  }

  private SoftwareToken reopen() {
    token.close();
    token = SoftwareToken.open(directory, passphrase(PASSPHRASE));
    return token;
  }

  private Path fileOf(TokenKey key) {
    return directory.resolve(key.keyId().hex() + ".seal");
  }

  private SealFault faultOnOpening(String with) {
    token.close();
    try (SoftwareToken opened = SoftwareToken.open(directory, passphrase(with))) {
      throw new AssertionError("opened: " + opened);
    } catch (SealBroken e) {
      return e.fault();
    }
  }

  @Test
  void keysOutliveTheProcess() throws RejectedException {
    TokenKey key = token.generate(SPEC);
    SoftwareToken again = reopen();
    assertThat(again.keys()).containsExactly(key);
    key.publicKey().verify(MESSAGE, again.sign(key.keyId(), SigningInput.message(MESSAGE)));
  }

  @Test
  void everyRsaSuiteSignsWithAKeyOfItsSize() throws Exception {
    Map<Integer, byte[]> keys = new LinkedHashMap<>();
    for (SignatureSuite suite : SignatureSuite.values()) {
      boolean rsa =
          suite.family() == SignatureSuite.Family.RSA_PKCS1
              || suite.family() == SignatureSuite.Family.RSA_PSS;
      if (rsa) {
        byte[] pkcs8 = keys.computeIfAbsent(suite.parameter(), bits -> jdkKey("RSA", bits));
        SoftKey key = SoftKey.ofForeign(suite, pkcs8);
        key.publicKey().verify(MESSAGE, key.sign(SigningInput.message(MESSAGE)));
      }
    }
    assertThat(keys.keySet()).containsExactly(2048, 3072, 4096);
  }

  @Test
  void aWrongPassphraseIsCalledSo() {
    token.generate(SPEC);
    assertThat(faultOnOpening("correct horse battery stapler"))
        .isEqualTo(SealFault.WRONG_PASSPHRASE);
  }

  private static SealFault faultOnReading(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    try {
      throw new AssertionError("read: " + SealedFile.read(file).names());
    } catch (SealBroken e) {
      return e.fault();
    }
  }

  @Test
  void aFileCutShortAnywhereIsCalledTruncated() throws IOException {
    TokenKey key = token.generate(SPEC);
    for (Path file : List.of(fileOf(key), directory.resolve("token.seal"))) {
      byte[] whole = Files.readAllBytes(file);
      for (int length = 0; length < whole.length; length++) {
        assertThat(faultOnReading(file, Arrays.copyOf(whole, length)))
            .as("cut at %d", length)
            .isEqualTo(SealFault.TRUNCATED);
      }
      assertThat(faultOnOpening(PASSPHRASE)).isEqualTo(SealFault.TRUNCATED);
      Files.write(file, whole);
    }
    assertThat(reopen().keys()).containsExactly(key);
  }

  @Test
  void aFlippedBitAnywhereIsCalledCorrupt() throws IOException {
    TokenKey key = token.generate(SPEC);
    for (Path file : List.of(fileOf(key), directory.resolve("token.seal"))) {
      byte[] whole = Files.readAllBytes(file);
      for (int i = 0; i < whole.length; i++) {
        byte[] flipped = whole.clone();
        flipped[i] ^= (byte) (1 << (i % 8));
        assertThat(faultOnReading(file, flipped)).as("byte %d", i).isEqualTo(SealFault.CORRUPT);
      }
      assertThat(faultOnOpening(PASSPHRASE)).isEqualTo(SealFault.CORRUPT);
      Files.write(file, whole);
    }
  }

  @Test
  void theErrorNamesTheFile() throws IOException {
    TokenKey key = token.generate(SPEC);
    Files.write(fileOf(key), new byte[3]);
    token.close();
    assertThatThrownBy(() -> SoftwareToken.open(directory, passphrase(PASSPHRASE)))
        .hasMessageContaining(fileOf(key).toString())
        .hasMessageContaining("byte 3");
  }

  /** Forged by somebody who can make the outer digest right, but cannot open the seal. */
  @Test
  void aKeyWhosePurposeWasRewrittenOnDiskDoesNotOpen() throws Exception {
    assertThat(faultAfterRewriting("purpose", "manifest")).isEqualTo(SealFault.TAMPERED);
  }

  @Test
  void aKeyWhoseNameWasRewrittenOnDiskDoesNotOpen() throws Exception {
    assertThat(faultAfterRewriting("name", "other")).isEqualTo(SealFault.TAMPERED);
  }

  @Test
  void aKeyWhoseSuiteWasRewrittenOnDiskDoesNotOpen() throws Exception {
    TokenKey rsa =
        token.importKey(
            new KeySpec("rsa", SignatureSuite.RSA_PSS_2048_SHA256, KeyPurpose.IMAGE),
            jdkKey("RSA", 2048));
    Json.Obj key = SealedFile.read(fileOf(rsa)).object("key").json();
    rewrite(fileOf(rsa), "key", with(key, "suite", new Json.Str("rsa-pkcs1-2048-sha256")));
    assertThat(faultOnOpening(PASSPHRASE)).isEqualTo(SealFault.TAMPERED);
  }

  @Test
  void aKeyFileUnderAnotherKeysNameDoesNotOpen() throws IOException {
    TokenKey key = token.generate(SPEC);
    Files.move(fileOf(key), directory.resolve("0".repeat(64) + ".seal"));
    assertThat(faultOnOpening(PASSPHRASE)).isEqualTo(SealFault.TAMPERED);
  }

  @Test
  void aKeyOfAnotherTokenDoesNotOpen() throws IOException {
    Path elsewhere = temporary.resolve("other");
    try (SoftwareToken other = SoftwareToken.create(elsewhere, passphrase(PASSPHRASE), CHEAP)) {
      TokenKey key = other.generate(SPEC);
      Files.copy(elsewhere.resolve(key.keyId().hex() + ".seal"), fileOf(key));
    }
    assertThat(faultOnOpening(PASSPHRASE)).isEqualTo(SealFault.TAMPERED);
  }

  private SealFault faultAfterRewriting(String member, String value) throws Exception {
    TokenKey key = token.generate(SPEC);
    rewrite(fileOf(key), member, new Json.Str(value));
    return faultOnOpening(PASSPHRASE);
  }

  private static void rewrite(Path file, String member, Json value) throws IOException {
    Fields body = SealedFile.read(file);
    Files.write(file, SealedFile.encode(with(body.json(), member, value)));
  }

  private static Json.Obj with(Json.Obj object, String member, Json value) {
    Map<String, Json> members = new LinkedHashMap<>(object.members());
    members.put(member, value);
    return new Json.Obj(members);
  }

  @Test
  void onlyTheOwnerReadsTheFiles() throws IOException {
    TokenKey key = token.generate(SPEC);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fileOf(key))))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
  }

  @Test
  void whatACrashLeftHalfWrittenIsRemoved() throws IOException {
    Path left = directory.resolve(DurableFile.TEMPORARY_PREFIX + "1");
    Files.write(left, new byte[] {1, 2});
    reopen();
    assertThat(left).doesNotExist();
  }

  @Test
  void anImportedKeySignsAsTheOriginalDoes() throws Exception {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    byte[] given = pkcs8.clone();
    TokenKey key =
        token.importKey(
            new KeySpec("field", SignatureSuite.RSA_PKCS1_2048_SHA256, KeyPurpose.MANIFEST), given);
    byte[] expected =
        SoftKey.ofForeign(SignatureSuite.RSA_PKCS1_2048_SHA256, pkcs8)
            .sign(SigningInput.message(MESSAGE));
    assertThat(token.sign(key.keyId(), SigningInput.message(MESSAGE))).isEqualTo(expected);
    assertThat(given).as("the caller's copy is wiped").containsOnly(0);
  }

  @Test
  void aKeyOfAnotherSizeIsNotImported() {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    KeySpec spec = new KeySpec("k", SignatureSuite.RSA_PSS_3072_SHA256, KeyPurpose.IMAGE);
    assertThatThrownBy(() -> token.importKey(spec, pkcs8))
        .isInstanceOf(KeyOperationException.BadKey.class)
        .hasMessageContaining("3072 bits");
  }

  @Test
  void bytesThatAreNoKeyAreNotImported() {
    assertThatThrownBy(() -> token.importKey(SPEC, new byte[] {0x30, 0x00}))
        .isInstanceOf(KeyOperationException.BadKey.class);
    assertThatThrownBy(() -> token.importKey(SPEC, jdkKey("RSA", 2048)))
        .isInstanceOf(KeyOperationException.BadKey.class);
  }

  /** A flipped bit in the primes: the modulus is right, the signatures would be wrong. */
  @Test
  void aKeyWhoseHalvesDoNotMatchIsNotImported() {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    pkcs8[pkcs8.length - 20] ^= 1;
    KeySpec spec = new KeySpec("k", SignatureSuite.RSA_PSS_2048_SHA256, KeyPurpose.IMAGE);
    assertThatThrownBy(() -> token.importKey(spec, pkcs8))
        .isInstanceOf(KeyOperationException.BadKey.class);
    assertThat(token.keys()).isEmpty();
  }

  @Test
  void theSameKeyIsNotImportedTwice() {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    token.importKey(
        new KeySpec("a", SignatureSuite.RSA_PSS_2048_SHA256, KeyPurpose.IMAGE), pkcs8.clone());
    KeySpec again = new KeySpec("b", SignatureSuite.RSA_PKCS1_2048_SHA256, KeyPurpose.MANIFEST);
    assertThatThrownBy(() -> token.importKey(again, pkcs8))
        .isInstanceOf(KeyOperationException.NameTaken.class);
  }

  @Test
  void aDestroyedKeyIsGoneFromMemoryAndDisk() {
    TokenKey key = token.generate(SPEC);
    token.destroy(key.keyId());
    assertThat(fileOf(key)).doesNotExist();
    assertThatThrownBy(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(KeyOperationException.NoSuchKey.class);
    assertThat(reopen().keys()).isEmpty();
  }

  @Test
  void aClosedTokenDoesNotSign() {
    TokenKey key = token.generate(SPEC);
    token.close();
    assertThatThrownBy(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aTokenIsNotMadeOverAnother() {
    assertThatThrownBy(() -> SoftwareToken.create(directory, passphrase("x"), CHEAP))
        .isInstanceOf(KeyOperationException.NameTaken.class);
  }

  @Test
  void aTokenThatIsOpenIsNotOpenedASecondTime() {
    assertThatThrownBy(() -> SoftwareToken.open(directory, passphrase(PASSPHRASE)))
        .isInstanceOf(KeyOperationException.TokenUnavailable.class)
        .hasMessageContaining("another process holds it");
  }

  @Test
  void aDirectoryWithoutATokenSaysSo() {
    Path empty = temporary.resolve("empty");
    assertThatThrownBy(() -> SoftwareToken.open(empty, passphrase(PASSPHRASE)))
        .isInstanceOf(KeyOperationException.TokenUnavailable.class)
        .hasMessageContaining("no token was made here");
  }

  @Test
  void theProbeSignsAFreshChallenge() throws RejectedException {
    Token.Probe.Probed first = token.probe();
    Token.Probe.Probed second = token.probe();
    first.key().verify(first.challenge().toByteArray(), first.signature().toByteArray());
    assertThat(first.challenge()).isNotEqualTo(second.challenge());
    assertThat(token.keys()).isEmpty();
  }

  @Test
  void theProbeFailsWhenTheDirectoryIsGone() throws IOException {
    Files.delete(directory.resolve("token.seal"));
    assertThatThrownBy(() -> token.probe())
        .isInstanceOf(KeyOperationException.TokenUnavailable.class);
  }

  @Test
  void noKeyMaterialShowsInTextOrOnDisk() throws Exception {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    SoftKey key = SoftKey.ofForeign(SignatureSuite.RSA_PSS_2048_SHA256, pkcs8);
    // The last 100 bytes of an RSA key are its CRT coefficient: nobody but its holder knows them.
    byte[] secret = Arrays.copyOfRange(pkcs8, pkcs8.length - 100, pkcs8.length);
    String hex = HexFormat.of().formatHex(secret);
    TokenKey held =
        token.importKey(
            new KeySpec("k", SignatureSuite.RSA_PSS_2048_SHA256, KeyPurpose.IMAGE), pkcs8.clone());
    for (Object shown : List.of(key, token, held, passphrase(PASSPHRASE), SPEC)) {
      assertThat(shown.toString()).doesNotContain(hex).doesNotContain(PASSPHRASE);
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).doesNotContain(hex);
      }
    }
  }

  @Test
  void anErrorDoesNotQuoteTheKey() {
    byte[] pkcs8 = jdkKey("RSA", 2048);
    String hex = HexFormat.of().formatHex(pkcs8, pkcs8.length - 40, pkcs8.length - 10);
    byte[] broken = pkcs8.clone();
    broken[5] ^= 0x7f;
    Throwable error =
        org.assertj.core.api.Assertions.catchThrowable(() -> token.importKey(SPEC, broken));
    assertThat(error).isInstanceOf(KeyOperationException.BadKey.class).hasNoCause();
    assertThat(error.getMessage()).doesNotContain(hex);
  }

  static byte[] jdkKey(String algorithm, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(bits);
      return generator.generateKeyPair().getPrivate().getEncoded();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
