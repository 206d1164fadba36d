package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every token owes, whatever it is made of. */
public interface TokenContract {
  byte[] MESSAGE = "what is signed".getBytes(StandardCharsets.UTF_8);
  Digest UNKNOWN = Digest.of(MESSAGE);

  /** An empty token, the same one throughout a test. */
  Token token();

  private TokenKey generate(String name, SignatureSuite suite) {
    return token().generate(new KeySpec(name, suite, KeyPurpose.MANIFEST));
  }

  /** The suites that it makes keys of; every other one must be refused by name. */
  Set<SignatureSuite> suites();

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  default void aGeneratedKeySignsWhatTheVerifierAccepts(SignatureSuite suite)
      throws RejectedException {
    if (!suites().contains(suite)) {
      assertThatThrownBy(() -> generate("k", suite))
          .isInstanceOf(KeyOperationException.NotSupported.class)
          .hasMessageContaining(suite.code());
      assertThat(token().find("k")).isEmpty();
      return;
    }
    TokenKey key = generate("k", suite);
    byte[] signature = token().sign(key.keyId(), SigningInput.message(MESSAGE));
    key.publicKey().verify(MESSAGE, signature);
    assertThat(key.suite()).isEqualTo(suite);
    assertThat(token().publicKey(key.keyId())).isEqualTo(key.publicKey());
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {
        "RSA_PKCS1_2048_SHA256",
        "RSA_PSS_2048_SHA256",
        "ECDSA_P256_SHA256",
        "ECDSA_P384_SHA384"
      })
  default void aHashIsSignedAsItsMessageWouldBe(SignatureSuite suite) throws RejectedException {
    TokenKey key = generate("k", suite);
    String name = String.valueOf(suite.hash());
    byte[] hash = Digest.digest(name).digest(MESSAGE);
    key.publicKey().verify(MESSAGE, token().sign(key.keyId(), SigningInput.hash(hash, name)));
  }

  @Test
  default void aHashOfAnotherKindIsNotSigned() {
    TokenKey p256 = generate("p256", SignatureSuite.ECDSA_P256_SHA256);
    SigningInput sha384 = SigningInput.hash(Digest.digest("SHA-384").digest(MESSAGE), "SHA-384");
    assertThatThrownBy(() -> token().sign(p256.keyId(), sha384))
        .isInstanceOf(KeyOperationException.NotSupported.class);
  }

  @Test
  default void aKeyIsFoundByItsNameOnly() {
    TokenKey key = generate("release-2026", SignatureSuite.ECDSA_P384_SHA384);
    assertThat(token().find("release-2026")).contains(key);
    assertThat(token().find("release-2025")).isEmpty();
  }

  @Test
  default void aNameIsTakenOnce() {
    generate("k", SignatureSuite.ECDSA_P384_SHA384);
    assertThatThrownBy(() -> generate("k", SignatureSuite.ECDSA_P256_SHA256))
        .isInstanceOf(KeyOperationException.NameTaken.class)
        .hasMessageContaining("'k'");
  }

  @Test
  default void aKeyTheTokenDoesNotHaveDoesNotSign() {
    assertThatThrownBy(() -> token().sign(UNKNOWN, SigningInput.message(MESSAGE)))
        .isInstanceOf(KeyOperationException.NoSuchKey.class);
    assertThatThrownBy(() -> token().publicKey(UNKNOWN))
        .isInstanceOf(KeyOperationException.NoSuchKey.class);
  }

  @Test
  default void aHashBasedKeyThatCountsIsRefusedByName() {
    assertThatThrownBy(() -> generate("k", SignatureSuite.HSS_LMS))
        .isInstanceOf(KeyOperationException.NotSupported.class)
        .hasMessageContaining("hss-lms");
    assertThat(token().find("k")).isEmpty();
  }
}
