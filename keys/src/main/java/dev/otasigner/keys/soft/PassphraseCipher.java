package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.misc.MiscObjectIdentifiers;
import org.bouncycastle.asn1.misc.ScryptParams;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCS12PBEParams;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.PBEParametersGenerator;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA224Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.DESedeEngine;
import org.bouncycastle.crypto.engines.RC2Engine;
import org.bouncycastle.crypto.generators.OpenSSLPBEParametersGenerator;
import org.bouncycastle.crypto.generators.PKCS12ParametersGenerator;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.generators.SCrypt;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.paddings.PaddedBufferedBlockCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;

/**
 * Opens what other tools have encrypted under a passphrase: PBES2 with PBKDF2 or scrypt (RFC 8018,
 * 7914), the PKCS#12 schemes of triple DES and RC2 (RFC 7292 appendix B), and OpenSSL's own form of
 * PEM. Old ciphers are read here and never written.
 *
 * <p>The file says how much work a guess costs; one file gets {@link #MAX_ITERATIONS} in all.
 */
final class PassphraseCipher {
  /** Eight times what OWASP asks of PBKDF2 with SHA-256; some seconds. */
  static final int MAX_ITERATIONS = 5_000_000;

  /** RFC 7914: 128 * N * r bytes. */
  private static final long MAX_SCRYPT_BYTES = 128L * 1024 * 1024;

  private static final int MAX_SCRYPT_LANES = 16;

  private final Path file;
  private final Passphrase passphrase;
  private long iterationsLeft = MAX_ITERATIONS;

  PassphraseCipher(Path file, Passphrase passphrase) {
    this.file = file;
    this.passphrase = passphrase;
  }

  /**
   * Opens a box.
   *
   * @throws SealBroken when the passphrase is another one
   * @throws BadKey when the scheme is none of those, or asks for too much work
   */
  byte[] decrypt(AlgorithmIdentifier scheme, byte[] box) {
    ASN1ObjectIdentifier oid = scheme.getAlgorithm();
    if (oid.equals(PKCSObjectIdentifiers.id_PBES2)) {
      return pbes2(PBES2Parameters.getInstance(scheme.getParameters()), box);
    }
    if (oid.equals(PKCSObjectIdentifiers.pbeWithSHAAnd3_KeyTripleDES_CBC)) {
      return pkcs12(scheme, new DESedeEngine(), 192, box);
    }
    if (oid.equals(PKCSObjectIdentifiers.pbeWithSHAAnd2_KeyTripleDES_CBC)) {
      return pkcs12(scheme, new DESedeEngine(), 128, box);
    }
    if (oid.equals(PKCSObjectIdentifiers.pbeWithSHAAnd128BitRC2_CBC)) {
      return pkcs12(scheme, new RC2Engine(), 128, box);
    }
    if (oid.equals(PKCSObjectIdentifiers.pbeWithSHAAnd40BitRC2_CBC)) {
      return pkcs12(scheme, new RC2Engine(), 40, box);
    }
    throw unread(oid.getId());
  }

  /** The HMAC key under which a PKCS#12 file keeps its own integrity. */
  KeyParameter macKey(Digest digest, byte[] salt, BigInteger iterations) {
    PKCS12ParametersGenerator kdf = new PKCS12ParametersGenerator(digest);
    return (KeyParameter)
        derived(
            kdf,
            bmpPassphrase(),
            salt,
            iterations,
            () -> kdf.generateDerivedMacParameters(8 * digest.getDigestSize()));
  }

  /** OpenSSL's form from before PKCS#8: one round of MD5, named in the header {@code DEK-Info}. */
  byte[] openSslPem(String cipher, byte[] iv, byte[] box) {
    BlockCipher engine;
    int keyBits;
    switch (cipher) {
      case "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" -> {
        engine = AESEngine.newInstance();
        keyBits = Integer.parseInt(cipher.substring(4, 7));
      }
      case "DES-EDE3-CBC" -> {
        engine = new DESedeEngine();
        keyBits = 192;
      }
      default -> throw unread(cipher);
    }
    requireIv(iv, engine);
    OpenSSLPBEParametersGenerator kdf = new OpenSSLPBEParametersGenerator();
    byte[] secret = passphrase.utf8();
    try {
      kdf.init(secret, Arrays.copyOf(iv, 8));
      CipherParameters key = kdf.generateDerivedParameters(keyBits);
      return cbc(engine, new ParametersWithIV(key, iv), box);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private byte[] pbes2(PBES2Parameters parameters, byte[] box) {
    EncryptionScheme encryption = parameters.getEncryptionScheme();
    ASN1ObjectIdentifier oid = encryption.getAlgorithm();
    BlockCipher engine;
    int keyBits;
    if (oid.equals(PKCSObjectIdentifiers.des_EDE3_CBC)) {
      engine = new DESedeEngine();
      keyBits = 192;
    } else if (oid.equals(NISTObjectIdentifiers.id_aes128_CBC)) {
      engine = AESEngine.newInstance();
      keyBits = 128;
    } else if (oid.equals(NISTObjectIdentifiers.id_aes192_CBC)) {
      engine = AESEngine.newInstance();
      keyBits = 192;
    } else if (oid.equals(NISTObjectIdentifiers.id_aes256_CBC)) {
      engine = AESEngine.newInstance();
      keyBits = 256;
    } else {
      throw unread("PBES2 with " + oid.getId());
    }
    byte[] iv = ASN1OctetString.getInstance(encryption.getParameters()).getOctets();
    requireIv(iv, engine);
    CipherParameters key = pbes2Key(parameters, keyBits);
    return cbc(engine, new ParametersWithIV(key, iv), box);
  }

  private CipherParameters pbes2Key(PBES2Parameters parameters, int keyBits) {
    KeyDerivationFunc function = parameters.getKeyDerivationFunc();
    byte[] secret = passphrase.utf8();
    if (function.getAlgorithm().equals(PKCSObjectIdentifiers.id_PBKDF2)) {
      PBKDF2Params pbkdf2 = PBKDF2Params.getInstance(function.getParameters());
      PKCS5S2ParametersGenerator kdf = new PKCS5S2ParametersGenerator(prf(pbkdf2.getPrf()));
      return derived(
          kdf,
          secret,
          pbkdf2.getSalt(),
          pbkdf2.getIterationCount(),
          () -> kdf.generateDerivedParameters(keyBits));
    }
    try {
      if (function.getAlgorithm().equals(MiscObjectIdentifiers.id_scrypt)) {
        return new KeyParameter(
            scrypt(ScryptParams.getInstance(function.getParameters()), secret, keyBits / 8));
      }
      throw unread("PBES2 with key derivation " + function.getAlgorithm().getId());
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private byte[] scrypt(ScryptParams parameters, byte[] secret, int keyBytes) {
    BigInteger n = parameters.getCostParameter();
    BigInteger r = parameters.getBlockSize();
    BigInteger p = parameters.getParallelizationParameter();
    BigInteger bytes = n.multiply(r).shiftLeft(7);
    if (n.compareTo(BigInteger.TWO) < 0
        || n.bitCount() != 1
        || r.signum() < 1
        || p.signum() < 1
        || bytes.compareTo(BigInteger.valueOf(MAX_SCRYPT_BYTES)) > 0
        || p.compareTo(BigInteger.valueOf(MAX_SCRYPT_LANES)) > 0) {
      throw tooMuch("scrypt with N " + n + ", r " + r + ", p " + p);
    }
    spend(n.multiply(p));
    return SCrypt.generate(
        secret, parameters.getSalt(), n.intValue(), r.intValue(), p.intValue(), keyBytes);
  }

  private byte[] pkcs12(AlgorithmIdentifier scheme, BlockCipher engine, int keyBits, byte[] box) {
    PKCS12PBEParams parameters = PKCS12PBEParams.getInstance(scheme.getParameters());
    PKCS12ParametersGenerator kdf = new PKCS12ParametersGenerator(new SHA1Digest());
    CipherParameters key =
        derived(
            kdf,
            bmpPassphrase(),
            parameters.getIV(),
            parameters.getIterations(),
            () -> kdf.generateDerivedParameters(keyBits, 8 * engine.getBlockSize()));
    return cbc(engine, key, box);
  }

  /** What a generator gives, once the file's wish for work has been found bearable. */
  private CipherParameters derived(
      PBEParametersGenerator kdf,
      byte[] secret,
      byte[] salt,
      BigInteger iterations,
      Supplier<CipherParameters> generate) {
    try {
      spend(iterations);
      kdf.init(secret, salt, iterations.intValue());
      return generate.get();
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private void spend(BigInteger iterations) {
    if (iterations.signum() < 1 || iterations.compareTo(BigInteger.valueOf(iterationsLeft)) > 0) {
      throw tooMuch(iterations + " iterations");
    }
    iterationsLeft -= iterations.longValue();
  }

  private byte[] bmpPassphrase() {
    char[] characters = passphrase.characters();
    try {
      return PBEParametersGenerator.PKCS12PasswordToBytes(characters);
    } finally {
      Arrays.fill(characters, '\0');
    }
  }

  private byte[] cbc(BlockCipher engine, CipherParameters key, byte[] box) {
    PaddedBufferedBlockCipher cipher =
        new PaddedBufferedBlockCipher(CBCBlockCipher.newInstance(engine));
    cipher.init(false, key);
    byte[] out = new byte[cipher.getOutputSize(box.length)];
    try {
      int length = cipher.processBytes(box, 0, box.length, out, 0);
      length += cipher.doFinal(out, length);
      return Arrays.copyOf(out, length);
    } catch (InvalidCipherTextException e) {
      throw wrongPassphrase(file);
    } finally {
      Arrays.fill(out, (byte) 0);
    }
  }

  private Digest prf(AlgorithmIdentifier prf) {
    ASN1ObjectIdentifier oid = prf.getAlgorithm();
    if (oid.equals(PKCSObjectIdentifiers.id_hmacWithSHA1)) {
      return new SHA1Digest();
    }
    if (oid.equals(PKCSObjectIdentifiers.id_hmacWithSHA224)) {
      return new SHA224Digest();
    }
    if (oid.equals(PKCSObjectIdentifiers.id_hmacWithSHA256)) {
      return new SHA256Digest();
    }
    if (oid.equals(PKCSObjectIdentifiers.id_hmacWithSHA384)) {
      return new SHA384Digest();
    }
    if (oid.equals(PKCSObjectIdentifiers.id_hmacWithSHA512)) {
      return new SHA512Digest();
    }
    throw unread("PBKDF2 with " + oid.getId());
  }

  private void requireIv(byte[] iv, BlockCipher engine) {
    if (iv.length != engine.getBlockSize()) {
      throw new BadKey(file + ": an initial vector of " + iv.length + " bytes");
    }
  }

  private BadKey tooMuch(String what) {
    return new BadKey(
        file
            + ": asks for "
            + what
            + " before its passphrase can be tried: more than is done here");
  }

  private BadKey unread(String scheme) {
    return new BadKey(
        file
            + ": encrypted in a way that is not read here ("
            + scheme
            + "); openssl pkcs8 -topk8 writes one that is");
  }

  static SealBroken wrongPassphrase(Path file) {
    return new SealBroken(
        SealFault.WRONG_PASSPHRASE, file + ": the passphrase is not the one of this file");
  }
}
