package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.CapabilityContract;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Modules that do otherwise than they are told. */
@SuppressWarnings("NullAway.Init")
class MeddlingTests {
  private static final SignatureSuite P256 = SignatureSuite.ECDSA_P256_SHA256;
  private static final KeySpec SPEC = new KeySpec("k", P256, KeyPurpose.IMAGE);

  private Pkcs11Module module;
  private Meddling meddling;
  private Pkcs11Token token;

  @BeforeEach
  void open() throws Exception {
    module = SoftHsm.emptyToken();
    meddling = new Meddling(JdkCryptoki.load(module.library()));
    token = Pkcs11Token.over(sessions(SoftHsm.pin()));
  }

  private Sessions sessions(Passphrase pin) {
    return Sessions.open(meddling.cryptoki(), module.slotId().orElseThrow(), pin);
  }

  @AfterEach
  void close() {
    if (token != null) {
      token.close();
    }
  }

  private void requireNothingLeft() throws CryptokiException {
    assertThat(token.keys()).isEmpty();
    assertThat(SoftHsm.objects(module).find(new Template())).isEmpty();
  }

  @Test
  void aKeyThatTheModuleWouldLetOutIsNotKept() throws Exception {
    meddling.privateKeys = template -> template.with(Ck.CKA_EXTRACTABLE, true);
    assertThatThrownBy(() -> token.generate(SPEC))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("does not keep its private keys inside");
    requireNothingLeft();
  }

  @Test
  void aKeyThatTheModuleWouldShowIsNotKept() throws Exception {
    meddling.privateKeys = template -> template.with(Ck.CKA_SENSITIVE, false);
    assertThatThrownBy(() -> token.importKey(SPEC, CapabilityContract.pkcs8(P256)))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("does not keep its private keys inside");
    requireNothingLeft();
  }

  @Test
  void aKeyWhoseFirstSignatureIsWrongIsNotKept() throws Exception {
    meddling.signatures =
        signature -> {
          byte[] wrong = signature.clone();
          wrong[5] ^= 1;
          return wrong;
        };
    assertThatThrownBy(() -> token.generate(SPEC))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("first signature with the key does not verify");
    requireNothingLeft();
  }

  @Test
  void aWrongPinIsTriedExactlyOnce() {
    token.close();
    meddling.calls.clear();
    assertThatThrownBy(() -> sessions(Passphrase.ofPrompt("1111".toCharArray())))
        .isInstanceOf(PinRefused.class);
    assertThat(Collections.frequency(meddling.calls, "login")).isEqualTo(1);
    assertThat(meddling.calls).endsWith("login", "closeSession");
  }
}
