package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.operator.DefaultDigestAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.bc.BcContentVerifierProviderBuilder;
import org.bouncycastle.operator.bc.BcECContentVerifierProviderBuilder;
import org.bouncycastle.operator.bc.BcRSAContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/**
 * A PKCS #10 request whose signature holds: whoever sent it has the private key. Nothing else of it
 * is used, since the service knows what a device is called.
 *
 * @param spki digest of the key
 */
record CertificateRequest(SubjectPublicKeyInfo key, ClientKeyType keyType, Digest spki) {
  private static final int MAX_LENGTH = 8 * 1024;
  private static final BigInteger F4 = BigInteger.valueOf(65537);

  /** Reads PEM. */
  static CertificateRequest read(String pem) {
    if (pem.length() > MAX_LENGTH) {
      throw bad("csr: too long");
    }
    PKCS10CertificationRequest request;
    try (PemReader reader = new PemReader(new StringReader(pem))) {
      PemObject object = reader.readPemObject();
      if (object == null || !object.getType().equals("CERTIFICATE REQUEST")) {
        throw bad("csr: a PEM block CERTIFICATE REQUEST is expected");
      }
      request = new PKCS10CertificationRequest(object.getContent());
    } catch (IOException | RuntimeException e) {
      if (e instanceof SignerException known) {
        throw known;
      }
      throw bad("csr: not a PKCS #10 request");
    }
    try {
      return read(request);
    } catch (IOException | PKCSException | OperatorCreationException | RuntimeException e) {
      if (e instanceof SignerException known) {
        throw known;
      }
      throw bad("csr: its key or signature can not be read");
    }
  }

  private static CertificateRequest read(PKCS10CertificationRequest request)
      throws IOException, PKCSException, OperatorCreationException {
    SubjectPublicKeyInfo key = request.getSubjectPublicKeyInfo();
    AsymmetricKeyParameter parameters = PublicKeyFactory.createKey(key);
    ClientKeyType type = type(key, parameters);
    DefaultDigestAlgorithmIdentifierFinder digests = new DefaultDigestAlgorithmIdentifierFinder();
    BcContentVerifierProviderBuilder verifier =
        type == ClientKeyType.RSA_2048
            ? new BcRSAContentVerifierProviderBuilder(digests)
            : new BcECContentVerifierProviderBuilder(digests);
    if (!request.isSignatureValid(verifier.build(parameters))) {
      throw bad("csr: its signature does not verify");
    }
    return new CertificateRequest(key, type, Digest.of(key.getEncoded("DER")));
  }

  private static ClientKeyType type(SubjectPublicKeyInfo key, AsymmetricKeyParameter parameters) {
    ASN1ObjectIdentifier algorithm = key.getAlgorithm().getAlgorithm();
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)
        && parameters instanceof RSAKeyParameters rsa
        && rsa.getModulus().bitLength() == 2048
        && rsa.getExponent().equals(F4)) {
      return ClientKeyType.RSA_2048;
    }
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      ASN1Encodable curve = key.getAlgorithm().getParameters();
      if (X9ObjectIdentifiers.prime256v1.equals(curve)) {
        return ClientKeyType.P_256;
      }
      if (SECObjectIdentifiers.secp384r1.equals(curve)) {
        return ClientKeyType.P_384;
      }
    }
    throw bad("csr: a key rsa-2048, p-256 or p-384 is expected");
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
