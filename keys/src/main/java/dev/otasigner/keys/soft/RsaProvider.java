package dev.otasigner.keys.soft;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import org.bouncycastle.crypto.AsymmetricBlockCipher;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;

/**
 * Who does the arithmetic of RSA, where most of a signature's time goes: Amazon's Corretto provider
 * where its native library is on the class path and loads (three times as fast), else the JVM's
 * own. Padding stays Bouncy Castle's either way, for a provider signs no hash that it has not made
 * itself.
 */
final class RsaProvider {
  private static final String CORRETTO =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  /** The JVM's own, whatever else there is. */
  static final RsaProvider JVM = new RsaProvider(ofJvm("SunRsaSign"), ofJvm("SunJCE"));

  private final Provider keys;
  private final Provider ciphers;

  private RsaProvider(Provider keys, Provider ciphers) {
    this.keys = keys;
    this.ciphers = ciphers;
  }

  /** Apart from the rest, so that only a key of RSA loads a native library. */
  private static final class Fastest {
    static final RsaProvider FOUND = corretto().orElse(JVM);
  }

  /** The fastest that works here, tried once. */
  static RsaProvider fastest() {
    return Fastest.FOUND;
  }

  private static Provider ofJvm(String name) {
    return Objects.requireNonNull(
        Security.getProvider(name), () -> "this JVM has no provider " + name);
  }

  /** The native provider, if it is there and passes its own tests. */
  static Optional<RsaProvider> corretto() {
    try {
      Class<?> type = Class.forName(CORRETTO);
      Provider found = (Provider) type.getField("INSTANCE").get(null);
      type.getMethod("assertHealthy").invoke(found);
      return Optional.of(new RsaProvider(found, found));
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      return Optional.empty(); // not there, another machine's, or no place to unpack it
    }
  }

  /** What does the arithmetic, as its maker calls it. */
  String name() {
    return ciphers.getName();
  }

  /**
   * Engines for one key, which any thread may ask for.
   *
   * @throws IllegalArgumentException when the provider does not take the key
   */
  Supplier<AsymmetricBlockCipher> engines(RSAPrivateCrtKeyParameters key) {
    RSAPrivateCrtKeySpec spec =
        new RSAPrivateCrtKeySpec(
            key.getModulus(),
            key.getPublicExponent(),
            key.getExponent(),
            key.getP(),
            key.getQ(),
            key.getDP(),
            key.getDQ(),
            key.getQInv());
    try {
      PrivateKey own = KeyFactory.getInstance("RSA", keys).generatePrivate(spec);
      int modulusBytes = (key.getModulus().bitLength() + 7) / 8;
      return () -> new Engine(own, modulusBytes);
    } catch (GeneralSecurityException e) {
      // The provider's own message may quote the key, so it is not passed on.
      throw new IllegalArgumentException(name() + " does not take this RSA key");
    }
  }

  /** The private operation alone: RSASP1 of RFC 8017 section 5.2.1. */
  private final class Engine implements AsymmetricBlockCipher {
    private final PrivateKey key;
    private final int modulusBytes;

    Engine(PrivateKey key, int modulusBytes) {
      this.key = key;
      this.modulusBytes = modulusBytes;
    }

    @Override
    public void init(boolean forEncryption, CipherParameters ignored) {
      if (!forEncryption) {
        throw new IllegalArgumentException("this engine signs only");
      }
    }

    @Override
    public int getInputBlockSize() {
      return modulusBytes - 1;
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
        Cipher cipher = Cipher.getInstance("RSA/ECB/NoPadding", ciphers);
        // "Encrypt" with a private key: the JVM then checks its result for a fault too.
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(block);
      } catch (GeneralSecurityException e) {
        throw new InvalidCipherTextException("RSA with " + name() + " failed", e);
      }
    }
  }
}
