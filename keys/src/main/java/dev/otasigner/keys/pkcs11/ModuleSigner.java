package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Signature;
import javax.crypto.Cipher;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.DigestInfo;
import org.bouncycastle.crypto.AsymmetricBlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.util.PublicKeyFactory;

/**
 * Signs hashes with a key that stays in the module. Hashes, because an image's is made elsewhere:
 * the module gets the padded block (RSA) or the hash (ECDSA).
 */
final class ModuleSigner {
  private static final String RAW_RSA = "RSA/ECB/NoPadding";
  private static final String PKCS1_RSA = "RSA/ECB/PKCS1Padding";
  private static final String RAW_ECDSA = "NONEwithECDSA";

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Provider provider;

  ModuleSigner(Provider provider) {
    this.provider = provider;
  }

  /** Whether the module has the mechanism that the suite needs. */
  boolean supports(SignatureSuite suite) {
    return switch (suite.family()) {
      case RSA_PKCS1 -> has("Cipher", PKCS1_RSA) && has("KeyPairGenerator", "RSA");
      case RSA_PSS -> has("Cipher", RAW_RSA) && has("KeyPairGenerator", "RSA");
      case ECDSA ->
          suite.parameter() <= 384 && has("Signature", RAW_ECDSA) && has("KeyPairGenerator", "EC");
      case ED25519, ML_DSA, SLH_DSA, HSS_LMS -> false;
    };
  }

  private boolean has(String type, String algorithm) {
    return provider.getService(type, algorithm) != null;
  }

  byte[] sign(VerificationKey publicKey, PrivateKey key, SigningInput input)
      throws GeneralSecurityException {
    SignatureSuite suite = publicKey.suite();
    byte[] hash = hash(suite, input);
    return switch (suite.family()) {
      case RSA_PKCS1 -> pkcs1(suite, key, hash);
      case RSA_PSS -> pss(publicKey, key, hash);
      case ECDSA -> ecdsa(key, hash);
      case ED25519, ML_DSA, SLH_DSA, HSS_LMS -> throw notSupported(suite);
    };
  }

  static NotSupported notSupported(SignatureSuite suite) {
    return new NotSupported(
        "this PKCS#11 module does not make or use "
            + suite.code()
            + " keys: RSA-2048 to 4096, ECDSA P-256 and P-384 as far as it has the mechanisms");
  }

  private static byte[] hash(SignatureSuite suite, SigningInput input) {
    byte[] bytes = input.bytes().toByteArray();
    String hash = suite.hash();
    if (hash == null) {
      throw notSupported(suite);
    }
    if (input instanceof SigningInput.Hash given) {
      if (!given.name().equals(hash)) {
        throw new NotSupported(suite.code() + " does not sign a " + given.name() + " hash");
      }
      return bytes;
    }
    return Digest.digest(hash).digest(bytes);
  }

  /** RFC 8017 section 9.2: the DigestInfo is ours, the padding the module's. */
  private byte[] pkcs1(SignatureSuite suite, PrivateKey key, byte[] hash)
      throws GeneralSecurityException {
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(
            switch (String.valueOf(suite.hash())) {
              case "SHA-256" -> NISTObjectIdentifiers.id_sha256;
              case "SHA-384" -> NISTObjectIdentifiers.id_sha384;
              case "SHA-512" -> NISTObjectIdentifiers.id_sha512;
              default -> throw new IllegalStateException("no DigestInfo for " + suite);
            },
            DERNull.INSTANCE);
    try {
      Cipher cipher = Cipher.getInstance(PKCS1_RSA, provider);
      cipher.init(Cipher.ENCRYPT_MODE, key);
      return cipher.doFinal(new DigestInfo(algorithm, hash).getEncoded("DER"));
    } catch (IOException e) {
      throw new IllegalStateException("a DigestInfo that cannot be written", e);
    }
  }

  /** RFC 8017 section 9.1: the whole encoding is ours, the module only exponentiates. */
  private byte[] pss(VerificationKey publicKey, PrivateKey key, byte[] hash)
      throws GeneralSecurityException {
    SignatureSuite suite = publicKey.suite();
    PSSSigner signer =
        PSSSigner.createRawSigner(
            new RawRsa(key),
            lightweight(suite),
            lightweight(suite),
            hash.length,
            PSSSigner.TRAILER_IMPLICIT);
    signer.init(true, new ParametersWithRandom(modulus(publicKey), RANDOM));
    signer.update(hash, 0, hash.length);
    try {
      return signer.generateSignature();
    } catch (CryptoException e) {
      throw new GeneralSecurityException("the module did not sign", e);
    }
  }

  /** All that the encoding asks of a key is how long its modulus is. */
  private static RSAKeyParameters modulus(VerificationKey publicKey) {
    try {
      return (RSAKeyParameters) PublicKeyFactory.createKey(publicKey.spki().toByteArray());
    } catch (IOException e) {
      throw new IllegalStateException("a key that was read cannot be read again", e);
    }
  }

  private byte[] ecdsa(PrivateKey key, byte[] hash) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(RAW_ECDSA, provider);
    signature.initSign(key);
    signature.update(hash);
    return signature.sign();
  }

  private static org.bouncycastle.crypto.Digest lightweight(SignatureSuite suite) {
    return switch (String.valueOf(suite.hash())) {
      case "SHA-256" -> new SHA256Digest();
      case "SHA-384" -> new SHA384Digest();
      case "SHA-512" -> new SHA512Digest();
      default -> throw new IllegalStateException("no hash for " + suite);
    };
  }

  /** RSA without padding, in the module. */
  private final class RawRsa implements AsymmetricBlockCipher {
    private final PrivateKey key;
    private int modulusBytes;

    RawRsa(PrivateKey key) {
      this.key = key;
    }

    @Override
    public void init(boolean forEncryption, CipherParameters parameters) {
      CipherParameters inner =
          parameters instanceof ParametersWithRandom random ? random.getParameters() : parameters;
      modulusBytes = (((RSAKeyParameters) inner).getModulus().bitLength() + 7) / 8;
    }

    @Override
    public int getInputBlockSize() {
      return modulusBytes;
    }

    @Override
    public int getOutputBlockSize() {
      return modulusBytes;
    }

    @Override
    public byte[] processBlock(byte[] in, int offset, int length)
        throws InvalidCipherTextException {
      byte[] block = new byte[modulusBytes];
      System.arraycopy(in, offset, block, modulusBytes - length, length);
      try {
        Cipher cipher = Cipher.getInstance(RAW_RSA, provider);
        cipher.init(Cipher.DECRYPT_MODE, key);
        return cipher.doFinal(block);
      } catch (GeneralSecurityException e) {
        throw new InvalidCipherTextException("the module did not sign", e);
      }
    }
  }
}
