package dev.otasigner.keys.soft;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.bouncycastle.crypto.params.HKDFParameters;

/**
 * Seals secrets with AES-256-GCM. Argon2id over the passphrase gives the token's key once; HKDF
 * over a fresh 256-bit salt gives each secret a key of its own, so no nonce is ever used twice
 * under one key.
 */
final class Seal implements AutoCloseable {
  static final int SALT_BYTES = 32;
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int MAX_SECRET_BYTES = 64 * 1024;
  private static final byte[] PURPOSE =
      "dev.otasigner token seal v1".getBytes(StandardCharsets.US_ASCII);

  private final byte[] tokenKey;
  private final SecureRandom random = new SecureRandom();

  private Seal(byte[] tokenKey) {
    this.tokenKey = tokenKey;
  }

  static Seal derive(Passphrase passphrase, byte[] salt, Argon2Cost cost) {
    byte[] secret = passphrase.utf8();
    byte[] key = new byte[KEY_BYTES];
    try {
      Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
      argon2.init(
          new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
              .withVersion(Argon2Parameters.ARGON2_VERSION_13)
              .withSalt(salt)
              .withMemoryAsKB(cost.memoryKib())
              .withIterations(cost.passes())
              .withParallelism(cost.lanes())
              .build());
      argon2.generateBytes(secret, key);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
    return new Seal(key);
  }

  /** Seals a secret; what stands in {@code bound} cannot be changed without breaking the seal. */
  Json.Obj seal(byte[] secret, Json.Obj bound) {
    byte[] salt = new byte[SALT_BYTES];
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(salt);
    random.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, salt, nonce, bound);
      return Json.object()
          .putBase64("salt", Bytes.copyOf(salt))
          .putBase64("nonce", Bytes.copyOf(nonce))
          .putBase64("box", Bytes.copyOf(cipher.doFinal(secret)))
          .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is missing from this JDK", e);
    }
  }

  /** The secret, or nothing when it was sealed with another passphrase or bound to other words. */
  Optional<byte[]> open(Fields sealed, Json.Obj bound) throws RejectedException {
    byte[] salt = sealed.base64("salt", SALT_BYTES).toByteArray();
    byte[] nonce = sealed.base64("nonce", NONCE_BYTES).toByteArray();
    byte[] box = sealed.base64("box", MAX_SECRET_BYTES).toByteArray();
    if (nonce.length != NONCE_BYTES) {
      throw sealed.malformed("nonce", NONCE_BYTES + " bytes are expected");
    }
    try {
      return Optional.of(cipher(Cipher.DECRYPT_MODE, salt, nonce, bound).doFinal(box));
    } catch (AEADBadTagException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is missing from this JDK", e);
    }
  }

  private Cipher cipher(int mode, byte[] salt, byte[] nonce, Json.Obj bound)
      throws GeneralSecurityException {
    HKDFBytesGenerator hkdf = new HKDFBytesGenerator(new SHA256Digest());
    hkdf.init(new HKDFParameters(tokenKey, salt, PURPOSE));
    byte[] key = new byte[KEY_BYTES];
    hkdf.generateBytes(key, 0, key.length);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    Arrays.fill(key, (byte) 0);
    cipher.updateAAD(bound.canonicalBytes());
    return cipher;
  }

  @Override
  public void close() {
    Arrays.fill(tokenKey, (byte) 0);
  }

  @Override
  public String toString() {
    return "a seal";
  }
}
