package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a token owes that lists, takes in, erases and probes. */
public interface CapabilityContract extends TokenContract {

  private Token.Import imports() {
    return (Token.Import) token();
  }

  private Token.Listing listing() {
    return (Token.Listing) token();
  }

  private static KeySpec spec(String name, SignatureSuite suite) {
    return new KeySpec(name, suite, KeyPurpose.IMAGE);
  }

  /** A key as software makes one. */
  static byte[] pkcs8(SignatureSuite suite) {
    try {
      boolean ec = suite.family() == SignatureSuite.Family.ECDSA;
      KeyPairGenerator generator = KeyPairGenerator.getInstance(ec ? "EC" : "RSA");
      if (ec) {
        generator.initialize(new ECGenParameterSpec("secp" + suite.parameter() + "r1"));
      } else {
        generator.initialize(suite.parameter());
      }
      return generator.generateKeyPair().getPrivate().getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {
        "RSA_PKCS1_2048_SHA256",
        "RSA_PSS_3072_SHA256",
        "RSA_PKCS1_4096_SHA512",
        "ECDSA_P256_SHA256",
        "ECDSA_P384_SHA384"
      })
  default void anImportedKeySignsUnderThePublicKeyItHadOutside(SignatureSuite suite)
      throws RejectedException {
    byte[] pkcs8 = pkcs8(suite);
    var outside = imports().publicHalf(suite, pkcs8.clone());
    TokenKey key = imports().importKey(spec("k", suite), pkcs8);
    assertThat(key.publicKey()).isEqualTo(outside);
    outside.verify(MESSAGE, token().sign(key.keyId(), SigningInput.message(MESSAGE)));
    assertThat(token().find("k")).contains(key);
    assertThat(pkcs8).as("wiped").containsOnly(0);
  }

  @Test
  default void anImportedKeyDoesNotTakeANameOrComeTwice() {
    byte[] pkcs8 = pkcs8(SignatureSuite.ECDSA_P256_SHA256);
    imports().importKey(spec("k", SignatureSuite.ECDSA_P256_SHA256), pkcs8.clone());
    assertThatThrownBy(
            () -> imports().importKey(spec("k", SignatureSuite.ECDSA_P256_SHA256), pkcs8.clone()))
        .isInstanceOf(NameTaken.class)
        .hasMessageContaining("'k'");
    assertThatThrownBy(
            () -> imports().importKey(spec("l", SignatureSuite.ECDSA_P256_SHA256), pkcs8.clone()))
        .isInstanceOf(NameTaken.class);
    assertThat(token().find("l")).isEmpty();
  }

  @Test
  default void bytesThatAreNoKeyOfTheSuiteAreNotImported() {
    byte[] p384 = pkcs8(SignatureSuite.ECDSA_P384_SHA384);
    for (byte[] bytes : new byte[][] {p384, new byte[20]}) {
      assertThatThrownBy(
              () -> imports().importKey(spec("k", SignatureSuite.ECDSA_P256_SHA256), bytes))
          .isInstanceOf(BadKey.class)
          .hasMessageContaining("ecdsa-p256-sha256");
      assertThat(bytes).as("wiped").containsOnly(0);
    }
    assertThat(listing().keys()).isEmpty();
  }

  @Test
  default void aSuiteThatTheTokenDoesNotDoIsNotImported() {
    assertThatThrownBy(() -> imports().importKey(spec("k", SignatureSuite.HSS_LMS), new byte[20]))
        .isInstanceOfAny(NotSupported.class, BadKey.class)
        .hasMessageContaining("hss-lms");
    assertThat(listing().keys()).isEmpty();
  }

  @Test
  default void keysAreListedByNameWithTheirPurpose() {
    TokenKey b = token().generate(spec("b", SignatureSuite.ECDSA_P256_SHA256));
    TokenKey a =
        token().generate(new KeySpec("a", SignatureSuite.ECDSA_P384_SHA384, KeyPurpose.TIMESTAMP));
    assertThat(listing().keys()).containsExactly(a, b);
    assertThat(listing().purposeOf(a.keyId())).contains(KeyPurpose.TIMESTAMP);
    assertThat(listing().purposeOf(UNKNOWN)).isEmpty();
  }

  @Test
  default void aDestroyedKeyIsGoneAndItsNameIsFree() {
    TokenKey key = token().generate(spec("k", SignatureSuite.ECDSA_P256_SHA256));
    ((Token.Destruction) token()).destroy(key.keyId());
    assertThat(token().find("k")).isEmpty();
    assertThat(listing().keys()).isEmpty();
    assertThatThrownBy(() -> token().sign(key.keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(NoSuchKey.class);
    assertThat(token().generate(spec("k", SignatureSuite.ECDSA_P256_SHA256)).keyId())
        .isNotEqualTo(key.keyId());
  }

  @Test
  default void aKeyTheTokenDoesNotHaveIsNotDestroyed() {
    assertThatThrownBy(() -> ((Token.Destruction) token()).destroy(UNKNOWN))
        .isInstanceOf(NoSuchKey.class);
  }

  @Test
  default void aProbeSignsAFreshChallengeWithAKeyThatServesNothingElse() throws RejectedException {
    Token.Probe.Probed first = ((Token.Probe) token()).probe();
    Token.Probe.Probed second = ((Token.Probe) token()).probe();
    for (Token.Probe.Probed probed : new Token.Probe.Probed[] {first, second}) {
      probed.key().verify(probed.challenge().toByteArray(), probed.signature().toByteArray());
    }
    assertThat(second.challenge()).isNotEqualTo(first.challenge());
    assertThat(second.key()).isEqualTo(first.key());
    assertThat(listing().keys()).isEmpty();
    assertThatThrownBy(() -> token().sign(first.key().keyId(), SigningInput.message(MESSAGE)))
        .isInstanceOf(NoSuchKey.class);
  }
}
