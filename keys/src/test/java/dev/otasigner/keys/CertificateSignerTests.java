package dev.otasigner.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CertificateSignerTests {
  private static AlgorithmIdentifier algorithm(SignatureSuite suite) {
    return new CertificateSigner(suite, message -> message).getAlgorithmIdentifier();
  }

  @ParameterizedTest
  @EnumSource(value = SignatureSuite.class, mode = EnumSource.Mode.EXCLUDE, names = "HSS_LMS")
  void everySuiteButHssHasANameInCertificates(SignatureSuite suite) {
    assertThat(algorithm(suite)).isNotNull();
  }

  @Test
  void suitesOfDifferentFamilyOrHashHaveDifferentNames() {
    Set<AlgorithmIdentifier> names = new HashSet<>();
    names.add(algorithm(SignatureSuite.RSA_PKCS1_3072_SHA256));
    names.add(algorithm(SignatureSuite.RSA_PKCS1_3072_SHA384));
    names.add(algorithm(SignatureSuite.RSA_PSS_4096_SHA256));
    names.add(algorithm(SignatureSuite.RSA_PSS_4096_SHA512));
    names.add(algorithm(SignatureSuite.ECDSA_P256_SHA256));
    names.add(algorithm(SignatureSuite.ED25519));
    names.add(algorithm(SignatureSuite.ML_DSA_65));
    names.add(algorithm(SignatureSuite.ML_DSA_87));
    names.add(algorithm(SignatureSuite.SLH_DSA_SHA2_128S));
    assertThat(names).hasSize(9);
  }

  @Test
  void theNamesAreThoseOfTheStandards() {
    assertThat(algorithm(SignatureSuite.RSA_PKCS1_2048_SHA256).getAlgorithm())
        .isEqualTo(PKCSObjectIdentifiers.sha256WithRSAEncryption);
    assertThat(algorithm(SignatureSuite.ECDSA_P384_SHA384).getAlgorithm())
        .isEqualTo(X9ObjectIdentifiers.ecdsa_with_SHA384);
    assertThat(algorithm(SignatureSuite.ML_DSA_65).getAlgorithm())
        .isEqualTo(NISTObjectIdentifiers.id_ml_dsa_65);
    assertThat(algorithm(SignatureSuite.SLH_DSA_SHA2_192S).getAlgorithm())
        .isEqualTo(NISTObjectIdentifiers.id_slh_dsa_sha2_192s);
  }

  @Test
  void thePaddingOfPssHasASaltAsLongAsTheHash() {
    AlgorithmIdentifier pss = algorithm(SignatureSuite.RSA_PSS_4096_SHA384);
    assertThat(pss.getAlgorithm()).isEqualTo(PKCSObjectIdentifiers.id_RSASSA_PSS);
    RSASSAPSSparams parameters = RSASSAPSSparams.getInstance(pss.getParameters());
    assertThat(parameters.getHashAlgorithm().getAlgorithm())
        .isEqualTo(NISTObjectIdentifiers.id_sha384);
    assertThat(parameters.getSaltLength().intValue()).isEqualTo(48);
  }

  @Test
  void aHashBasedKeyThatCountsSignsNoCertificates() {
    assertThatThrownBy(() -> algorithm(SignatureSuite.HSS_LMS))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("hss-lms");
  }

  @Test
  void theTokenIsGivenWhatWasWritten() throws IOException {
    CertificateSigner signer =
        new CertificateSigner(SignatureSuite.ED25519, message -> new byte[] {message[1]});
    signer.getOutputStream().write(new byte[] {3, 4});
    assertThat(signer.getSignature()).containsExactly(4);
  }
}
