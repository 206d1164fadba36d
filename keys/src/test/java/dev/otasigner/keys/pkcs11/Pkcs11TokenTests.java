package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.CapabilityContract;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.Token.Probe.Probed;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of tokens on SoftHSM, and what PKCS#11 asks besides. */
@SuppressWarnings("NullAway.Init")
class Pkcs11TokenTests implements CapabilityContract {
  private static final KeySpec SPEC =
      new KeySpec("image", SignatureSuite.RSA_PSS_3072_SHA256, KeyPurpose.IMAGE);

  private Pkcs11Module module;
  private Pkcs11Token token;

  @BeforeEach
  void open() throws Exception {
    module = SoftHsm.emptyToken();
    token = Pkcs11Token.open(module, SoftHsm.pin());
  }

  @AfterEach
  void close() {
    if (token != null) {
      token.close();
    }
  }

  @Override
  public Token token() {
    return token;
  }

  @Override
  public Set<SignatureSuite> suites() {
    EnumSet<SignatureSuite> suites = EnumSet.noneOf(SignatureSuite.class);
    for (SignatureSuite suite : SignatureSuite.values()) {
      switch (suite.family()) {
        case RSA_PKCS1, RSA_PSS -> suites.add(suite);
        case ECDSA -> {
          if (suite != SignatureSuite.ECDSA_P521_SHA512) {
            suites.add(suite);
          }
        }
        case ED25519, ML_DSA, SLH_DSA, HSS_LMS -> {}
      }
    }
    return suites;
  }

  private void reopen() {
    token.close();
    token = Pkcs11Token.open(module, SoftHsm.pin());
  }

  @Test
  void aPrivateKeyIsSensitiveAndCanNotBeExtracted() {
    TokenKey key = token.generate(SPEC);
    reopen();
    KeyProtection protection = token.protection(key.keyId());
    assertThat(protection.sensitive()).isTrue();
    assertThat(protection.extractable()).isFalse();
    assertThat(protection.wasAlwaysInside()).isTrue();
  }

  @Test
  void nameSuiteAndPurposeOutliveTheProcess() throws Exception {
    TokenKey key = token.generate(SPEC);
    reopen();
    assertThat(token.keys()).containsExactly(key);
    assertThat(token.find("image")).contains(key);
    byte[] signature = token.sign(key.keyId(), SigningInput.message(MESSAGE));
    key.publicKey().verify(MESSAGE, signature);
  }

  @Test
  void aModuleIsNamedByItsAbsolutePath() {
    assertThatThrownBy(() -> new Pkcs11Module(Path.of("lib.so"), OptionalLong.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("absolute path");
  }

  @Test
  void aDestroyedKeyIsGoneForGood() {
    TokenKey key = token.generate(SPEC);
    token.destroy(key.keyId());
    assertThatThrownBy(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(NoSuchKey.class);
    reopen();
    assertThat(token.keys()).isEmpty();
    assertThat(token.generate(SPEC).keyId()).isNotEqualTo(key.keyId());
  }

  /** Killed between the key and its certificate, which makes it a key of ours. */
  @Test
  void aKeyWhoseMakingWasInterruptedIsNamedAndItsNameIsFree() throws Exception {
    token.generate(SPEC);
    token.generate(new KeySpec("whole", SPEC.suite(), SPEC.purpose()));
    token.probe();
    TokenObjects objects = SoftHsm.objects(module);
    objects.destroy(
        objects.find(Template.tokenObject(Ck.CKO_CERTIFICATE).with(Ck.CKA_LABEL, SPEC.name())));
    reopen();
    assertThat(token.unfinished())
        .singleElement()
        .asString()
        .matches(SPEC.name() + " \\(CKA_ID [0-9a-f]{32}\\)");
    assertThat(token.find(SPEC.name())).isEmpty();
    TokenKey again = token.generate(SPEC);
    assertThat(token.find(SPEC.name())).contains(again);
    assertThat(token.unfinished()).hasSize(1);
  }

  private SlotToken slot() throws CryptokiException {
    return JdkCryptoki.load(module.library()).token(module.slotId().orElseThrow());
  }

  @Test
  void aWrongPinIsToldAndNotRepeated() throws Exception {
    token.close();
    assertThatThrownBy(() -> Pkcs11Token.open(module, Passphrase.ofPrompt("1111".toCharArray())))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("refuses the PIN")
        .hasMessageNotContainingAny("1111", SoftHsm.PIN);
    assertThat(slot().has(0x10000)).as("the token itself counts").isTrue();
    token = Pkcs11Token.open(module, SoftHsm.pin());
    assertThat(slot().has(0x10000)).isFalse();
  }

  @Test
  void aTokenThatIsOpenInThisProcessIsNotOpenedWithAnyPin() {
    assertThatThrownBy(() -> Pkcs11Token.open(module, Passphrase.ofPrompt("1111".toCharArray())))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("has the token open already");
    token.generate(SPEC);
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"RSA_PKCS1_2048_SHA256", "ECDSA_P256_SHA256", "ECDSA_P384_SHA384"})
  void aPrivateKeySignsAndDoesNothingElse(SignatureSuite suite) throws Exception {
    byte[] id = objectsOf(token.generate(new KeySpec("made", suite, KeyPurpose.IMAGE)), "made");
    objectsOf(
        token.importKey(
            new KeySpec("taken-in", suite, KeyPurpose.IMAGE), CapabilityContract.pkcs8(suite)),
        "taken-in");
    assertThat(id).hasSize(16);
  }

  /** The CKA_ID of a key whose attributes are as they must be. */
  private byte[] objectsOf(TokenKey key, String label) throws CryptokiException {
    TokenObjects objects = SoftHsm.objects(module);
    List<Long> found =
        objects.find(Template.tokenObject(Ck.CKO_PRIVATE_KEY).with(Ck.CKA_LABEL, label));
    assertThat(found).hasSize(1);
    long handle = found.get(0);
    assertThat(objects.flag(handle, Ck.CKA_SIGN)).isTrue();
    assertThat(objects.flag(handle, Ck.CKA_PRIVATE)).isTrue();
    assertThat(objects.flag(handle, Ck.CKA_SENSITIVE)).isTrue();
    for (long not :
        new long[] {
          Ck.CKA_EXTRACTABLE, Ck.CKA_DECRYPT, Ck.CKA_UNWRAP, Ck.CKA_SIGN_RECOVER, Ck.CKA_DERIVE
        }) {
      assertThat(objects.flag(handle, not)).as("attribute %x", not).isFalse();
    }
    for (long secret : new long[] {Ck.CKA_PRIVATE_EXPONENT, Ck.CKA_PRIME_1, Ck.CKA_VALUE}) {
      assertThat(objects.bytes(handle, secret)).as("attribute %x", secret).isEmpty();
    }
    assertThat(token.protection(key.keyId()).staysInside()).isTrue();
    return objects.bytes(handle, Ck.CKA_ID).orElseThrow();
  }

  @Test
  void aKeyThatCameFromOutsideIsKnownToHave() {
    TokenKey made = token.generate(SPEC);
    TokenKey imported =
        token.importKey(
            new KeySpec("imported", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE),
            CapabilityContract.pkcs8(SignatureSuite.ECDSA_P256_SHA256));
    assertThat(token.protection(made.keyId()).wasAlwaysInside()).isTrue();
    assertThat(token.protection(imported.keyId()).wasAlwaysInside()).isFalse();
    assertThat(made.onceExtractable()).isFalse();
    assertThat(imported.onceExtractable()).isTrue();
  }

  @Test
  void aDestroyedKeyLeavesNoObjectBehind() throws Exception {
    TokenKey key = token.generate(SPEC);
    TokenObjects objects = SoftHsm.objects(module);
    assertThat(objects.find(new Template())).hasSize(3);
    token.destroy(key.keyId());
    assertThat(objects.find(new Template())).isEmpty();
  }

  @Test
  void aNameThatIsTakenLeavesNoObjectBehind() throws Exception {
    token.generate(SPEC);
    assertThatThrownBy(() -> token.generate(SPEC)).isInstanceOf(NameTaken.class);
    assertThat(SoftHsm.objects(module).find(new Template())).hasSize(3);
  }

  @Test
  void oneKeyUnderTwoCertificatesIsNotChosenBetween() throws Exception {
    TokenKey key = token.generate(SPEC);
    TokenObjects objects = SoftHsm.objects(module);
    long first = objects.find(Template.tokenObject(Ck.CKO_CERTIFICATE)).get(0);
    Certificates.store(
        objects,
        objects.bytes(first, Ck.CKA_ID).orElseThrow(),
        "again",
        objects.bytes(first, Ck.CKA_VALUE).orElseThrow());
    assertThatThrownBy(token::keys)
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("two certificates in the token name key '" + key.name() + "'");
  }

  @Test
  void whatIsNotOursIsLeftAlone() throws Exception {
    TokenObjects objects = SoftHsm.objects(module);
    Certificates.store(objects, new byte[] {9}, "image", new byte[] {0x30, 0});
    assertThat(token.keys()).isEmpty();
    token.destroy(token.generate(SPEC).keyId());
    assertThat(objects.find(new Template())).hasSize(1);
  }

  @Test
  void aProbeIsMadeOnceAndOutlivesTheProcess() throws Exception {
    Probed first = token.probe();
    reopen();
    assertThat(token.probe().key()).isEqualTo(first.key());
    assertThat(SoftHsm.objects(module).find(Template.tokenObject(Ck.CKO_PRIVATE_KEY))).hasSize(1);
  }

  /** The token stays lost for the process, so it is one that no other test uses. */
  @Test
  void aTokenThatIsGoneFailsItsProbeAndSignsNothing() throws Exception {
    Pkcs11Module lost =
        Pkcs11Module.of(Pkcs11Uri.parse("pkcs11:token=lost?module-path=" + module.library()));
    SlotToken slot = JdkCryptoki.load(lost.library()).token(lost.slotId().orElseThrow());
    try (Pkcs11Token gone = Pkcs11Token.open(lost, SoftHsm.pin())) {
      TokenKey key =
          gone.generate(new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
      gone.probe();
      Path directory = SoftHsm.directoryOf(slot);
      Files.move(directory, directory.resolveSibling("away"));
      assertThatThrownBy(gone::probe).isInstanceOf(TokenUnavailable.class);
      assertThatThrownBy(() -> gone.sign(key.keyId(), SigningInput.message(MESSAGE)))
          .isInstanceOf(TokenUnavailable.class);
      assertThatThrownBy(() -> gone.generate(SPEC)).isInstanceOf(TokenUnavailable.class);
    }
  }

  @Test
  void manyThreadsSignAtOnce() throws Exception {
    TokenKey key =
        token.generate(new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<byte[]>> signatures = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        signatures.add(
            threads.submit(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE))));
      }
      for (Future<byte[]> signature : signatures) {
        key.publicKey().verify(MESSAGE, signature.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aModuleThatIsNotThereIsSaidToBeMissing() {
    Pkcs11Module missing = new Pkcs11Module(Path.of("/nowhere/lib.so"), OptionalLong.empty());
    assertThatThrownBy(() -> Pkcs11Token.open(missing, SoftHsm.pin()))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("/nowhere/lib.so: no such PKCS#11 module");
  }

  @Test
  void aSlotThatIsNotThereIsRefused() {
    Pkcs11Module other = new Pkcs11Module(module.library(), OptionalLong.of(987_654_321));
    assertThatThrownBy(() -> Pkcs11Token.open(other, SoftHsm.pin()))
        .isInstanceOf(TokenUnavailable.class);
  }

  @Test
  void aClosedTokenSignsNothing() {
    TokenKey key = token.generate(SPEC);
    token.close();
    assertThatThrownBy(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(IllegalStateException.class);
  }
}
