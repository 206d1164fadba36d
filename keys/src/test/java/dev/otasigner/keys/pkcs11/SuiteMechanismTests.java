package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.pkcs11.MechanismTable.KeySizes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a token cannot do, by its own table of mechanisms. */
class SuiteMechanismTests {
  private static final long ALL = Ck.CKF_SIGN | Ck.CKF_GENERATE_KEY_PAIR;
  private static final KeySizes RSA = new KeySizes(2048, 3072, ALL);
  private static final KeySizes EC = new KeySizes(256, 256, ALL);

  private static MechanismTable table(Map<Long, KeySizes> mechanisms) {
    return (slot, mechanism) -> Optional.ofNullable(mechanisms.get(mechanism));
  }

  private static void require(SignatureSuite suite, Map<Long, KeySizes> mechanisms)
      throws CryptokiException {
    SuiteMechanism.of(suite).requireGeneration(table(mechanisms), 0);
  }

  private static AbstractThrowableAssert<?, ?> refused(
      SignatureSuite suite, Map<Long, KeySizes> mechanisms) {
    return assertThatThrownBy(() -> require(suite, mechanisms)).isInstanceOf(NotSupported.class);
  }

  @Test
  void aTokenWithTheMechanismsDoesTheSuite() throws Exception {
    require(
        SignatureSuite.RSA_PSS_3072_SHA256,
        Map.of(Ck.CKM_RSA_PKCS_KEY_PAIR_GEN, RSA, Ck.CKM_RSA_PKCS_PSS, RSA));
    require(
        SignatureSuite.RSA_PKCS1_2048_SHA256,
        Map.of(Ck.CKM_RSA_PKCS_KEY_PAIR_GEN, RSA, Ck.CKM_RSA_PKCS, RSA));
    require(SignatureSuite.ECDSA_P256_SHA256, Map.of(Ck.CKM_EC_KEY_PAIR_GEN, EC, Ck.CKM_ECDSA, EC));
  }

  @Test
  void aTokenThatDoesNotPadForPssIsSaidToLackIt() {
    refused(
            SignatureSuite.RSA_PSS_3072_SHA256,
            Map.of(Ck.CKM_RSA_PKCS_KEY_PAIR_GEN, RSA, Ck.CKM_RSA_PKCS, RSA))
        .hasMessage("this token does not do rsa-pss-3072-sha256: it has no CKM_RSA_PKCS_PSS");
  }

  @Test
  void aTokenThatMakesNoKeysIsSaidToLackThat() {
    refused(SignatureSuite.ECDSA_P256_SHA256, Map.of(Ck.CKM_ECDSA, EC))
        .hasMessage("this token does not do ecdsa-p256-sha256: it has no CKM_EC_KEY_PAIR_GEN");
  }

  @Test
  void aMechanismThatOnlyVerifiesDoesNotCount() {
    KeySizes verifies = new KeySizes(256, 256, 0);
    refused(
            SignatureSuite.ECDSA_P256_SHA256,
            Map.of(Ck.CKM_EC_KEY_PAIR_GEN, EC, Ck.CKM_ECDSA, verifies))
        .hasMessageContaining("it has no CKM_ECDSA");
  }

  @Test
  void aKeyThatIsTooLongForTheTokenIsRefused() {
    refused(
            SignatureSuite.RSA_PKCS1_4096_SHA256,
            Map.of(Ck.CKM_RSA_PKCS_KEY_PAIR_GEN, RSA, Ck.CKM_RSA_PKCS, RSA))
        .hasMessage(
            "this token does not do rsa-pkcs1-4096-sha256: its CKM_RSA_PKCS_KEY_PAIR_GEN takes keys"
                + " of 2048 to 3072 bits");
  }

  @Test
  void aKeyThatIsTooShortForTheTokenIsRefused() {
    KeySizes large = new KeySizes(384, 521, ALL);
    refused(
            SignatureSuite.ECDSA_P256_SHA256,
            Map.of(Ck.CKM_EC_KEY_PAIR_GEN, large, Ck.CKM_ECDSA, large))
        .hasMessageContaining("384 to 521 bits");
  }

  @Test
  void aTokenThatDoesNotTellSizesIsTriedNevertheless() throws Exception {
    KeySizes untold = new KeySizes(0, 0, ALL);
    require(
        SignatureSuite.ECDSA_P256_SHA256,
        Map.of(Ck.CKM_EC_KEY_PAIR_GEN, untold, Ck.CKM_ECDSA, untold));
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"ECDSA_P521_SHA512", "ED25519", "ML_DSA_65", "SLH_DSA_SHA2_128S", "HSS_LMS"})
  void aSuiteWithoutAMechanismIsRefusedByName(SignatureSuite suite) {
    assertThatThrownBy(() -> SuiteMechanism.of(suite))
        .isInstanceOf(NotSupported.class)
        .hasMessageStartingWith(suite.code());
  }
}
