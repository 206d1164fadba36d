package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.PrivateKeyParts;
import dev.otasigner.keys.soft.PrivateKeyParts.Part;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * Puts keys into a token, each with its certificate. Whatever fails on the way takes back what it
 * has written; killed on the way, it leaves a key without a certificate, which nobody uses and
 * {@link #unfinished} finds.
 */
final class KeyWriter {
  private static final int ID_BYTES = 16;

  /** What the CKA_ID of a key begins with that this has put into a token. */
  private static final byte[] OURS = "ota-id".getBytes(StandardCharsets.US_ASCII);

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Map<Part, Long> RSA =
      Map.of(
          Part.MODULUS, Ck.CKA_MODULUS,
          Part.PUBLIC_EXPONENT, Ck.CKA_PUBLIC_EXPONENT,
          Part.PRIVATE_EXPONENT, Ck.CKA_PRIVATE_EXPONENT,
          Part.PRIME_1, Ck.CKA_PRIME_1,
          Part.PRIME_2, Ck.CKA_PRIME_2,
          Part.EXPONENT_1, Ck.CKA_EXPONENT_1,
          Part.EXPONENT_2, Ck.CKA_EXPONENT_2,
          Part.COEFFICIENT, Ck.CKA_COEFFICIENT);

  private final TokenObjects objects;
  private final KeySpec spec;
  private final SuiteMechanism mechanism;

  KeyWriter(TokenObjects objects, KeySpec spec) {
    this.objects = objects;
    this.spec = spec;
    this.mechanism = SuiteMechanism.of(spec.suite());
  }

  static byte[] newId() {
    byte[] id = new byte[ID_BYTES];
    RANDOM.nextBytes(id);
    System.arraycopy(OURS, 0, id, 0, OURS.length);
    return id;
  }

  /** Keys that this has put into the token and that have no certificate, in words for a person. */
  static List<String> unfinished(TokenObjects objects) throws CryptokiException {
    List<String> found = new ArrayList<>();
    for (long key : objects.find(Template.tokenObject(Ck.CKO_PRIVATE_KEY))) {
      byte[] id = objects.bytes(key, Ck.CKA_ID).orElse(OURS);
      boolean ours = id.length == ID_BYTES && Arrays.equals(Arrays.copyOf(id, OURS.length), OURS);
      String label = objects.text(key, Ck.CKA_LABEL).orElse("without a label");
      if (ours
          && !label.equals(ProbeKey.LABEL)
          && objects.withId(Ck.CKO_CERTIFICATE, id).isEmpty()) {
        found.add(label + " (CKA_ID " + Bytes.copyOf(id).hex() + ")");
      }
    }
    return found;
  }

  Held generate() throws CryptokiException {
    byte[] id = newId();
    long[] pair =
        objects.generate(
            mechanism.generationCode(),
            mechanism.complete(Template.publicKey(mechanism.keyType(), id, spec.name())),
            Template.privateKey(mechanism.keyType(), id, spec.name()));
    boolean whole = false;
    try {
      Bytes spki =
          PublicHalf.read(objects, pair[0], mechanism)
              .orElseThrow(() -> new TokenUnavailable("the module tells no public key"));
      Held held = certified(pair[1], Bytes.copyOf(id), VerificationKey.of(spec.suite(), spki));
      whole = true;
      return held;
    } catch (RejectedException e) {
      throw new TokenUnavailable("the module made a key of another kind", e);
    } finally {
      if (!whole) {
        objects.destroy(List.of(pair[1], pair[0]));
      }
    }
  }

  Held store(PrivateKeyParts parts) throws CryptokiException {
    byte[] id = newId();
    Template template = Template.privateKey(mechanism.keyType(), id, spec.name());
    long privateKey;
    try {
      privateKey = objects.create(filled(template, parts));
    } finally {
      template.wipe();
    }
    boolean whole = false;
    try {
      Held held = certified(privateKey, Bytes.copyOf(id), parts.publicKey());
      objects.create(publicTemplate(id, parts));
      whole = true;
      return held;
    } finally {
      if (!whole) {
        objects.destroy(List.of(privateKey));
      }
    }
  }

  private Template filled(Template template, PrivateKeyParts parts) {
    if (mechanism.isRsa()) {
      parts.parts().forEach((part, value) -> template.with(RSA.getOrDefault(part, -1L), value));
      return template;
    }
    return template
        .with(Ck.CKA_EC_PARAMS, mechanism.curve())
        .with(Ck.CKA_VALUE, parts.require(Part.SCALAR));
  }

  private Template publicTemplate(byte[] id, PrivateKeyParts parts) {
    Template template = Template.publicKey(mechanism.keyType(), id, spec.name());
    if (mechanism.isRsa()) {
      return template
          .with(Ck.CKA_MODULUS, parts.require(Part.MODULUS))
          .with(Ck.CKA_PUBLIC_EXPONENT, parts.require(Part.PUBLIC_EXPONENT));
    }
    byte[] point =
        SubjectPublicKeyInfo.getInstance(parts.publicKey().spki().toByteArray())
            .getPublicKeyData()
            .getOctets();
    try {
      return template
          .with(Ck.CKA_EC_PARAMS, mechanism.curve())
          .with(Ck.CKA_EC_POINT, new DEROctetString(point).getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("a point that cannot be written", e);
    }
  }

  /** For a key that was just made: it must stay inside, and its certificate with it. */
  private Held certified(long privateKey, Bytes id, VerificationKey publicKey)
      throws CryptokiException {
    if (!KeyProtection.read(objects, privateKey).staysInside()) {
      throw new NotSupported("this token does not keep its private keys inside");
    }
    X509Certificate certificate = certificate(privateKey, publicKey);
    if (KeyCertificate.read(certificate).isEmpty()) {
      throw new TokenUnavailable("the module's first signature with the key does not verify");
    }
    return write(certificate, privateKey, id, publicKey);
  }

  Held adopt(Adoptee adoptee) throws CryptokiException {
    X509Certificate certificate;
    try {
      certificate = certificate(adoptee.handle(), adoptee.publicKey());
    } catch (TokenUnavailable e) {
      throw new BadKey("the token does not sign with the key: " + e.getMessage());
    }
    if (KeyCertificate.read(certificate).isEmpty()) {
      throw new BadKey("the public key of the same CKA_ID is not the public half of the key");
    }
    adoptee.keepInside(objects);
    return write(certificate, adoptee.handle(), adoptee.id(), adoptee.publicKey());
  }

  private X509Certificate certificate(long privateKey, VerificationKey publicKey) {
    return KeyCertificate.make(
        spec,
        publicKey,
        message -> {
          try {
            return mechanism.sign(objects, privateKey, SigningInput.message(message));
          } catch (CryptokiException e) {
            throw new TokenUnavailable("the module did not sign: " + e.getMessage(), e);
          }
        });
  }

  private Held write(
      X509Certificate certificate, long privateKey, Bytes id, VerificationKey publicKey)
      throws CryptokiException {
    try {
      objects.create(
          Template.tokenObject(Ck.CKO_CERTIFICATE)
              .with(Ck.CKA_CERTIFICATE_TYPE, Ck.CKC_X_509)
              .with(Ck.CKA_ID, id.toByteArray())
              .with(Ck.CKA_LABEL, spec.name())
              .with(Ck.CKA_SUBJECT, certificate.getSubjectX500Principal().getEncoded())
              .with(Ck.CKA_ISSUER, certificate.getIssuerX500Principal().getEncoded())
              .with(Ck.CKA_SERIAL_NUMBER, new byte[] {2, 1, 1})
              .with(Ck.CKA_VALUE, certificate.getEncoded()));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that we made cannot be written", e);
    }
    return Held.of(objects, new TokenKey(spec.name(), spec.purpose(), publicKey), id, privateKey);
  }
}
