package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.Test;

class CertificateRuleTests {
  private static final TestKey CA = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey LEAF = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final X500Name ISSUER = new X500Name("CN=ca");
  private static final X500Name SUBJECT = new X500Name("CN=device-1");

  private static byte[] certificate(
      TestKey subjectKey, X500Name subject, ASN1ObjectIdentifier algorithm, Extensions extensions)
      throws IOException {
    V3TBSCertificateGenerator generator = new V3TBSCertificateGenerator();
    generator.setSerialNumber(new ASN1Integer(BigInteger.ONE));
    generator.setSignature(new AlgorithmIdentifier(algorithm));
    generator.setIssuer(ISSUER);
    generator.setSubject(subject);
    generator.setStartDate(new Time(new ASN1UTCTime("260101000000Z")));
    generator.setEndDate(new Time(new ASN1UTCTime("270101000000Z")));
    generator.setSubjectPublicKeyInfo(
        SubjectPublicKeyInfo.getInstance(subjectKey.key().spki().toByteArray()));
    generator.setExtensions(extensions);
    return generator.generateTBSCertificate().getEncoded(ASN1Encoding.DER);
  }

  private static Extensions extensions(boolean authority, KeyPurposeId... usages)
      throws IOException {
    ExtensionsGenerator generator = new ExtensionsGenerator();
    generator.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    if (usages.length > 0) {
      generator.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(usages));
    }
    return generator.generate();
  }

  private static byte[] leaf(KeyPurposeId... usages) throws IOException {
    return certificate(
        LEAF, SUBJECT, X9ObjectIdentifiers.ecdsa_with_SHA384, extensions(false, usages));
  }

  private static void accepted(KeyPurpose purpose, byte[] der) {
    assertThatCode(() -> ContentRule.judge(purpose, CA.key(), SigningInput.message(der)))
        .doesNotThrowAnyException();
  }

  private static void refused(KeyPurpose purpose, byte[] der, String why) {
    assertThatThrownBy(() -> ContentRule.judge(purpose, CA.key(), SigningInput.message(der)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining(why);
  }

  @Test
  void aDeviceAuthorityCertifiesClientsAndAServerAuthorityServers() throws IOException {
    accepted(KeyPurpose.DEVICE_CA, leaf(KeyPurposeId.id_kp_clientAuth));
    accepted(KeyPurpose.SERVER_TLS, leaf(KeyPurposeId.id_kp_serverAuth));
  }

  @Test
  void aDeviceAuthorityCertifiesNoServer() throws IOException {
    refused(KeyPurpose.DEVICE_CA, leaf(KeyPurposeId.id_kp_serverAuth), "clientAuth");
    refused(
        KeyPurpose.DEVICE_CA,
        leaf(KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth),
        "clientAuth");
  }

  @Test
  void aServerAuthorityCertifiesNoClient() throws IOException {
    refused(KeyPurpose.SERVER_TLS, leaf(KeyPurposeId.id_kp_clientAuth), "serverAuth");
  }

  @Test
  void aCertificateForEverythingIsNotSigned() throws IOException {
    refused(KeyPurpose.DEVICE_CA, leaf(), "clientAuth");
    refused(KeyPurpose.DEVICE_CA, leaf(KeyPurposeId.anyExtendedKeyUsage), "clientAuth");
  }

  @Test
  void anotherAuthorityIsNotCertified() throws IOException {
    byte[] authority =
        certificate(
            LEAF,
            SUBJECT,
            X9ObjectIdentifiers.ecdsa_with_SHA384,
            extensions(true, KeyPurposeId.id_kp_clientAuth));
    refused(KeyPurpose.DEVICE_CA, authority, "authority");
  }

  @Test
  void theOwnRootCertificateIsSigned() throws IOException {
    accepted(
        KeyPurpose.DEVICE_CA,
        certificate(CA, ISSUER, X9ObjectIdentifiers.ecdsa_with_SHA384, extensions(true)));
    refused(
        KeyPurpose.DEVICE_CA,
        certificate(CA, SUBJECT, X9ObjectIdentifiers.ecdsa_with_SHA384, extensions(true)),
        "own subject");
  }

  @Test
  void aCertificateThatNamesAnotherAlgorithmIsNotSigned() throws IOException {
    byte[] wrong =
        certificate(
            LEAF,
            SUBJECT,
            PKCSObjectIdentifiers.sha256WithRSAEncryption,
            extensions(false, KeyPurposeId.id_kp_clientAuth));
    refused(KeyPurpose.DEVICE_CA, wrong, "algorithm");
  }

  /** BER has 255 spellings of TRUE, and DER one. */
  @Test
  void aCertificateThatIsNotInDerIsNotSigned() throws IOException {
    byte[] leaf = leaf(KeyPurposeId.id_kp_clientAuth);
    int critical = 0;
    while (leaf[critical] != 1 || leaf[critical + 1] != 1 || leaf[critical + 2] != -1) {
      critical++;
    }
    leaf[critical + 2] = 1;
    refused(KeyPurpose.DEVICE_CA, leaf, "in DER");
  }

  @Test
  void bytesThatAreNoCertificateAreNotSigned() throws IOException {
    byte[] leaf = leaf(KeyPurposeId.id_kp_clientAuth);
    refused(KeyPurpose.DEVICE_CA, Arrays.copyOf(leaf, leaf.length - 1), "expected");
    refused(KeyPurpose.DEVICE_CA, Arrays.copyOf(leaf, leaf.length + 1), "expected");
    refused(KeyPurpose.DEVICE_CA, new byte[] {0x30, 0}, "expected");
    refused(KeyPurpose.DEVICE_CA, new byte[0], "expected");
  }
}
