package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * What a certificate authority's key signs: its own root certificate, and end certificates for one
 * use alone, which is client authentication for devices and server authentication for listeners.
 * Never another authority.
 */
final class CertificateRule {
  /** RFC 8410. */
  private static final ASN1ObjectIdentifier ED25519 = new ASN1ObjectIdentifier("1.3.101.112");

  private CertificateRule() {}

  static void judge(KeyPurpose purpose, VerificationKey key, byte[] der) {
    TBSCertificate certificate;
    byte[] spki;
    boolean exact;
    try {
      certificate = TBSCertificate.getInstance(der);
      exact = Arrays.equals(certificate.getEncoded(ASN1Encoding.DER), der);
      spki = certificate.getSubjectPublicKeyInfo().getEncoded(ASN1Encoding.DER);
    } catch (IOException | RuntimeException e) {
      // The parser says no by several unchecked exceptions.
      throw ContentRule.refused(purpose.code() + " key: a certificate to be signed is expected");
    }
    if (!exact) {
      throw ContentRule.refused("a certificate to be signed is expected in DER");
    }
    if (!algorithm(key.suite()).equals(certificate.getSignature().getAlgorithm())) {
      throw ContentRule.refused(
          "the certificate names another signature algorithm than " + key.suite().code());
    }
    boolean own = key.spki().equals(Bytes.copyOf(spki));
    if (own) {
      requireSelfIssued(certificate);
    } else {
      requireEndCertificate(purpose, certificate);
    }
  }

  private static void requireSelfIssued(TBSCertificate certificate) {
    if (!certificate.getIssuer().equals(certificate.getSubject())) {
      throw ContentRule.refused("a certificate of this key itself is issued by its own subject");
    }
  }

  private static void requireEndCertificate(KeyPurpose purpose, TBSCertificate certificate) {
    Extensions extensions = certificate.getExtensions();
    BasicConstraints constraints = BasicConstraints.fromExtensions(extensions);
    if (constraints != null && constraints.isCA()) {
      throw ContentRule.refused("this key makes no further certificate authority");
    }
    boolean device = purpose == KeyPurpose.DEVICE_CA;
    KeyPurposeId use = device ? KeyPurposeId.id_kp_clientAuth : KeyPurposeId.id_kp_serverAuth;
    ExtendedKeyUsage usage = ExtendedKeyUsage.fromExtensions(extensions);
    if (usage == null || usage.size() != 1 || !usage.hasKeyPurposeId(use)) {
      throw ContentRule.refused(
          "a certificate by a "
              + purpose.code()
              + " key has the one extended key usage "
              + (device ? "clientAuth" : "serverAuth"));
    }
  }

  private static ASN1ObjectIdentifier algorithm(SignatureSuite suite) {
    return switch (suite) {
      case RSA_PKCS1_2048_SHA256, RSA_PKCS1_3072_SHA256, RSA_PKCS1_4096_SHA256 ->
          PKCSObjectIdentifiers.sha256WithRSAEncryption;
      case RSA_PKCS1_3072_SHA384 -> PKCSObjectIdentifiers.sha384WithRSAEncryption;
      case RSA_PKCS1_4096_SHA512 -> PKCSObjectIdentifiers.sha512WithRSAEncryption;
      case RSA_PSS_2048_SHA256,
          RSA_PSS_3072_SHA256,
          RSA_PSS_4096_SHA256,
          RSA_PSS_4096_SHA384,
          RSA_PSS_4096_SHA512 ->
          PKCSObjectIdentifiers.id_RSASSA_PSS;
      case ECDSA_P256_SHA256 -> X9ObjectIdentifiers.ecdsa_with_SHA256;
      case ECDSA_P384_SHA384 -> X9ObjectIdentifiers.ecdsa_with_SHA384;
      case ECDSA_P521_SHA512 -> X9ObjectIdentifiers.ecdsa_with_SHA512;
      case ED25519 -> ED25519;
      case ML_DSA_44 -> NISTObjectIdentifiers.id_ml_dsa_44;
      case ML_DSA_65 -> NISTObjectIdentifiers.id_ml_dsa_65;
      case ML_DSA_87 -> NISTObjectIdentifiers.id_ml_dsa_87;
      case SLH_DSA_SHA2_128S -> NISTObjectIdentifiers.id_slh_dsa_sha2_128s;
      case SLH_DSA_SHA2_192S -> NISTObjectIdentifiers.id_slh_dsa_sha2_192s;
      case HSS_LMS -> PKCSObjectIdentifiers.id_alg_hss_lms_hashsig;
    };
  }
}
