package dev.otasigner.keys.soft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RsaProviderTests {
  private static final byte[] MESSAGE = "firmware".getBytes(StandardCharsets.US_ASCII);

  private static List<RsaProvider> providers() {
    List<RsaProvider> providers = new ArrayList<>(List.of(RsaProvider.JVM));
    RsaProvider.corretto().ifPresent(providers::add);
    return providers;
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "RSA_PKCS1_2048_SHA256",
        "RSA_PKCS1_3072_SHA256",
        "RSA_PSS_2048_SHA256",
        "RSA_PSS_3072_SHA256"
      })
  void eachProviderSignsMessagesAndHashes(SignatureSuite suite) throws Exception {
    SoftKey key = SoftKey.generate(suite);
    VerificationKey publicKey = key.publicKey();
    byte[] hash = java.security.MessageDigest.getInstance("SHA-256").digest(MESSAGE);
    for (RsaProvider provider : providers()) {
      PrivateSigner signer = new PrivateSigner(suite, key.privateKey(), () -> provider);
      publicKey.verify(MESSAGE, signer.sign(SigningInput.message(MESSAGE)));
      publicKey.verifyHash(hash, signer.sign(SigningInput.hash(hash, "SHA-256")));
    }
  }

  /** PKCS#1 v1.5 has no random part, so whoever computes it finds the same bytes. */
  @Test
  void allProvidersGiveTheSameSignature() {
    SignatureSuite suite = SignatureSuite.RSA_PKCS1_3072_SHA256;
    AsymmetricKeyParameter key = SoftKey.generate(suite).privateKey();
    assertThat(providers())
        .map(p -> new PrivateSigner(suite, key, () -> p).sign(SigningInput.message(MESSAGE)))
        .map(HexFormat.of()::formatHex)
        .containsOnly(
            HexFormat.of()
                .formatHex(
                    new PrivateSigner(suite, key, () -> RsaProvider.JVM)
                        .sign(SigningInput.message(MESSAGE))));
  }

  /** On the machines that the native library is packaged for, it has to be what signs. */
  @Test
  void theNativeProviderIsUsedWhereItLoads() {
    String machine = System.getProperty("os.name") + "/" + System.getProperty("os.arch");
    boolean packaged =
        List.of("linux/amd64", "linux/aarch64").contains(machine.toLowerCase(Locale.ROOT));
    assertThat(RsaProvider.fastest().name())
        .isEqualTo(packaged ? "AmazonCorrettoCryptoProvider" : "SunJCE");
  }

  @Test
  void aKeyThatNoProviderTakesIsNotQuoted() {
    RSAKeyPairGenerator generator = new RSAKeyPairGenerator();
    generator.init(
        new RSAKeyGenerationParameters(BigInteger.valueOf(65537), new SecureRandom(), 256, 100));
    RSAPrivateCrtKeyParameters small =
        (RSAPrivateCrtKeyParameters) generator.generateKeyPair().getPrivate();
    assertThatThrownBy(() -> RsaProvider.JVM.engines(small))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("SunJCE does not take this RSA key")
        .hasNoCause();
  }
}
