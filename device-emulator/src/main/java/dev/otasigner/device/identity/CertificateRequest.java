package dev.otasigner.device.identity;

import dev.otasigner.verifier.device.ClientKeyType;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;

/** A PKCS#10 request: proof that the device has the key it wants certified. */
public final class CertificateRequest {
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private CertificateRequest() {}

  /**
   * A request in PEM for this key, under the device's id as common name; signed with SHA-256, or
   * with SHA-384 on P-384.
   */
  public static String pem(String deviceId, ClientKeyType type, KeyPair keys) throws IOException {
    Signing signing = new Signing(type, keys);
    PKCS10CertificationRequestBuilder builder =
        new PKCS10CertificationRequestBuilder(
            new X500NameBuilder().addRDN(BCStyle.CN, deviceId).build(),
            SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
    byte[] der = builder.build(signing).toASN1Structure().getEncoded(ASN1Encoding.DER);
    return "-----BEGIN CERTIFICATE REQUEST-----\n"
        + LINES.encodeToString(der)
        + "\n-----END CERTIFICATE REQUEST-----\n";
  }

  /** Signs with the JDK's own providers. */
  private static final class Signing implements ContentSigner {
    private final Signature signature;
    private final AlgorithmIdentifier algorithm;

    Signing(ClientKeyType type, KeyPair keys) throws IOException {
      algorithm =
          switch (type) {
            case RSA_2048 ->
                new AlgorithmIdentifier(
                    PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
            case P_256 -> of(X9ObjectIdentifiers.ecdsa_with_SHA256);
            case P_384 -> of(X9ObjectIdentifiers.ecdsa_with_SHA384);
          };
      String name =
          switch (type) {
            case RSA_2048 -> "SHA256withRSA";
            case P_256 -> "SHA256withECDSA";
            case P_384 -> "SHA384withECDSA";
          };
      try {
        signature = Signature.getInstance(name);
        signature.initSign(keys.getPrivate());
      } catch (GeneralSecurityException e) {
        throw new IOException("the client key does not sign " + name, e);
      }
    }

    private static AlgorithmIdentifier of(ASN1ObjectIdentifier oid) {
      return new AlgorithmIdentifier(oid);
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return algorithm;
    }

    @Override
    public java.io.OutputStream getOutputStream() {
      return new java.io.OutputStream() {
        @Override
        public void write(int b) throws IOException {
          write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          try {
            signature.update(bytes, from, length);
          } catch (GeneralSecurityException e) {
            throw new IOException(e);
          }
        }
      };
    }

    @Override
    public byte[] getSignature() {
      try {
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("the client key does not sign", e);
      }
    }
  }
}
