package dev.otasigner.verifier.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestKeyTests {
  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void everySuiteVerifiesItsOwnSignatureAndNoOther(SignatureSuite suite) throws Exception {
    TestKey key = TestKey.of(suite);
    byte[] message = "a message".getBytes(UTF_8);
    byte[] signature = key.sign(message);
    assertThat(signature.length).isLessThanOrEqualTo(suite.maxSignatureBytes());
    key.key().verify(message, signature);
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(() -> key.key().verify("another".getBytes(UTF_8), signature))
        .extracting(RejectedException::reason)
        .isEqualTo(Reason.BAD_SIGNATURE);
  }
}
