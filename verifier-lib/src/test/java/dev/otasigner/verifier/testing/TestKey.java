package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.dsse.Envelope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.HSSPublicKeyParameters;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;

/** A key pair of any suite of the registry. */
public final class TestKey {
  private static final Map<String, TestKey> KEYS = new ConcurrentHashMap<>();

  /** RSA pairs by size and name, shared by all suites of the size: to make one takes seconds. */
  private static final Map<String, AsymmetricCipherKeyPair> RSA_PAIRS = new ConcurrentHashMap<>();

  private final VerificationKey key;
  private final AsymmetricKeyParameter secret;

  private TestKey(VerificationKey key, AsymmetricKeyParameter secret) {
    this.key = key;
    this.secret = secret;
  }

  /** The suite's first key. */
  public static TestKey of(SignatureSuite suite) {
    return of(suite, "first");
  }

  /**
   * The suite's key of this name: the same one each time it is asked for in this JVM. RSA suites of
   * one size have one key pair between them.
   */
  public static TestKey of(SignatureSuite suite, String name) {
    return KEYS.computeIfAbsent(suite + "/" + name, k -> generate(suite, name));
  }

  /** The Ed25519 key that follows from its name: the same one in every JVM. */
  public static TestKey derived(String name) {
    byte[] seed = Digest.digest("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
    Ed25519PrivateKeyParameters secret = new Ed25519PrivateKeyParameters(seed);
    try {
      Bytes spki = Bytes.copyOf(spki(secret.generatePublicKey()).getEncoded("DER"));
      return new TestKey(VerificationKey.of(SignatureSuite.ED25519, spki), secret);
    } catch (IOException | RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TestKey generate(SignatureSuite suite, String name) {
    try {
      AsymmetricCipherKeyPair pair =
          suite.code().startsWith("rsa-")
              ? RSA_PAIRS.computeIfAbsent(
                  suite.parameter() + "/" + name, k -> TestSuites.generate(suite))
              : TestSuites.generate(suite);
      Bytes spki = Bytes.copyOf(spki(pair.getPublic()).getEncoded("DER"));
      return new TestKey(VerificationKey.of(suite, spki), pair.getPrivate());
    } catch (IOException | RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SubjectPublicKeyInfo spki(AsymmetricKeyParameter key) throws IOException {
    if (key instanceof HSSPublicKeyParameters hss) {
      // RFC 9708: the bare public key, in no OCTET STRING.
      return new SubjectPublicKeyInfo(
          new AlgorithmIdentifier(PKCSObjectIdentifiers.id_alg_hss_lms_hashsig), hss.getEncoded());
    }
    return SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(key);
  }

  /** The same key pair under another suite of its type. */
  public TestKey as(SignatureSuite suite) {
    try {
      return new TestKey(VerificationKey.of(suite, key.spki()), secret);
    } catch (RejectedException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public VerificationKey key() {
    return key;
  }

  public Digest keyId() {
    return key.keyId();
  }

  public SignatureSuite suite() {
    return key.suite();
  }

  public Anchor anchor() {
    return new Anchor(key);
  }

  /** As a bootloader holds it, with the hash that is usual for the suite. */
  public BootAnchor bootAnchor() {
    return BootAnchor.of(anchor());
  }

  public BootAnchor bootAnchor(ImageHash hash, boolean pure) {
    return new BootAnchor(anchor(), hash, pure);
  }

  public byte[] sign(byte[] message) {
    return sign(SigningInput.message(message));
  }

  public byte[] sign(SigningInput input) {
    byte[] bytes = input.bytes().toByteArray();
    String hash = suite().hash();
    if (input instanceof SigningInput.Hash given) {
      if (!given.name().equals(hash)) {
        throw new IllegalArgumentException(suite() + " does not sign a " + given.name() + " hash");
      }
    } else if (hash != null) {
      bytes = Digest.digest(hash).digest(bytes);
    }
    try {
      return TestSuites.sign(suite(), secret, bytes);
    } catch (IOException | CryptoException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The envelope with this key's signature added. */
  public Envelope sign(Envelope envelope) {
    return envelope.with(
        new Envelope.Signature(keyId(), Bytes.copyOf(sign(envelope.toBeSigned()))));
  }

  @Override
  public String toString() {
    return key.toString();
  }
}
