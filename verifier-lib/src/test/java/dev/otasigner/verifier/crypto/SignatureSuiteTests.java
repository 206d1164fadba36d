package dev.otasigner.verifier.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite.Family;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureSuiteTests {
  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void everySuiteIsFoundByItsName(SignatureSuite suite) {
    assertThat(suite.code()).matches("[a-z0-9-]{1,32}");
    assertThat(SignatureSuite.ofCode(suite.code())).isEqualTo(suite);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ED25519",
        "ed25519 ",
        "rsa-pss-2048-sha1",
        "rsa-pkcs1-2048-sha1",
        "rsa-pkcs1-1024-sha256",
        "ecdsa-p256-sha1",
        "ecdsa-p224-sha256",
        "ed25519ph",
        "ml-dsa-65-sha512",
        "none"
      })
  void whatIsNotInTheRegistryHasNoSuite(String code) {
    assertThat(SignatureSuite.ofCode(code)).isNull();
  }

  @Test
  void noSuiteIsListedTwice() {
    List<String> codes = Arrays.stream(SignatureSuite.values()).map(SignatureSuite::code).toList();
    assertThat(new HashSet<>(codes)).hasSameSizeAs(codes);
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void noSuiteIsWeakerThanTheWeakestThatIsStillInTheField(SignatureSuite suite) {
    assertThat(suite.strengthBits()).isGreaterThanOrEqualTo(112);
    String hash = suite.hash();
    if (hash != null) {
      // A hash of n bits resists collisions with n/2.
      assertThat(Digest.digest(hash).getDigestLength() * 4)
          .isGreaterThanOrEqualTo(suite.strengthBits());
    }
  }

  /** SP 800-57 part 1, tables 2 and 3; FIPS 204 and 205 for the categories. */
  @Test
  void strengthsAreThoseOfTheStandards() {
    assertThat(SignatureSuite.RSA_PSS_2048_SHA256.strengthBits()).isEqualTo(112);
    assertThat(SignatureSuite.RSA_PSS_3072_SHA256.strengthBits()).isEqualTo(128);
    assertThat(SignatureSuite.RSA_PSS_4096_SHA512.strengthBits()).isEqualTo(128);
    assertThat(SignatureSuite.ECDSA_P256_SHA256.strengthBits()).isEqualTo(128);
    assertThat(SignatureSuite.ECDSA_P384_SHA384.strengthBits()).isEqualTo(192);
    assertThat(SignatureSuite.ECDSA_P521_SHA512.strengthBits()).isEqualTo(256);
    assertThat(SignatureSuite.ED25519.strengthBits()).isEqualTo(128);
    assertThat(SignatureSuite.ML_DSA_44.strengthBits()).isEqualTo(128);
    assertThat(SignatureSuite.ML_DSA_65.strengthBits()).isEqualTo(192);
    assertThat(SignatureSuite.ML_DSA_87.strengthBits()).isEqualTo(256);
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void onlyTheLatticeAndHashFamiliesArePostQuantum(SignatureSuite suite) {
    boolean postQuantum =
        List.of(Family.ML_DSA, Family.SLH_DSA, Family.HSS_LMS).contains(suite.family());
    assertThat(suite.isPostQuantum()).isEqualTo(postQuantum);
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void whatIsLongerThanAnySignatureIsNotLookedAt(SignatureSuite suite) {
    assertThat(suite.takesSignatureOf(suite.maxSignatureBytes())).isTrue();
    assertThat(suite.takesSignatureOf(suite.maxSignatureBytes() + 1)).isFalse();
    boolean varies = suite.family() == Family.ECDSA || suite.family() == Family.HSS_LMS;
    assertThat(suite.takesSignatureOf(suite.maxSignatureBytes() - 1)).isEqualTo(varies);
  }
}
