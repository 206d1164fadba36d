package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenContract;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of tokens on SoftHSM, and what PKCS#11 asks besides. */
@SuppressWarnings("NullAway.Init")
class Pkcs11TokenTests implements TokenContract {
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
    assertThat(token.attributes(key.keyId()))
        .contains("token object")
        .contains("sensitive")
        .contains("unextractable");
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
  void aDestroyedKeyIsGoneForGood() {
    TokenKey key = token.generate(SPEC);
    token.destroy(key.keyId());
    assertThatThrownBy(() -> token.sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(NoSuchKey.class);
    reopen();
    assertThat(token.keys()).isEmpty();
    assertThat(token.generate(SPEC).keyId()).isNotEqualTo(key.keyId());
  }

  @Test
  void aWrongPinIsToldAndTriedOnce() {
    token.close();
    assertThatThrownBy(() -> Pkcs11Token.open(module, Passphrase.ofPrompt("1111".toCharArray())))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("refuses the PIN")
        .hasMessageNotContainingAny("1111", SoftHsm.PIN);
    token = Pkcs11Token.open(module, SoftHsm.pin());
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
