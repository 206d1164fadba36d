package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.testing.TestKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageKeyTypeTests {
  @ParameterizedTest
  @EnumSource
  void aKeyOfEveryTypeIsReadAsItsOwn(ImageKeyType type) throws Exception {
    VerificationKey key = TestKey.of(type.suite()).key();
    assertThat(ImageKeyType.key(key.spki())).isEqualTo(key);
    assertThat(ImageKeyType.of(key)).isEqualTo(type);
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"ECDSA_P521_SHA512", "ML_DSA_44"})
  void aKeyThatNoBootloaderChecksIsUnsupported(SignatureSuite suite) {
    VerificationKey key = TestKey.of(suite).key();
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> ImageKeyType.key(key.spki()));
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> ImageKeyType.of(key));
  }

  @Test
  void whatIsNoKeyIsMalformed() {
    assertRefused(Reason.MALFORMED, () -> ImageKeyType.key(Bytes.copyOf(new byte[9])));
  }
}
