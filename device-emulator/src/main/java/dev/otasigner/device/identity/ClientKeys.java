package dev.otasigner.device.identity;

import dev.otasigner.verifier.device.ClientKeyType;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** Key pairs for TLS client authentication. */
public final class ClientKeys {
  private ClientKeys() {}

  public static KeyPair generate(ClientKeyType type) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm(type));
      switch (type) {
        case RSA_2048 -> generator.initialize(2048);
        case P_256 -> generator.initialize(new ECGenParameterSpec("secp256r1"));
        case P_384 -> generator.initialize(new ECGenParameterSpec("secp384r1"));
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no " + type.code() + " keys", e);
    }
  }

  /** The type of a key, if it is one that profiles name. */
  public static Optional<ClientKeyType> typeOf(PublicKey key) {
    if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() == 2048) {
      return Optional.of(ClientKeyType.RSA_2048);
    }
    if (key instanceof ECPublicKey ec) {
      int bits = ec.getParams().getCurve().getField().getFieldSize();
      return bits == 256
          ? Optional.of(ClientKeyType.P_256)
          : bits == 384 ? Optional.of(ClientKeyType.P_384) : Optional.empty();
    }
    return Optional.empty();
  }

  /** Whether what the private key signs is the public key's signature. */
  public static boolean belongTogether(KeyPair keys) {
    boolean rsa = keys.getPublic().getAlgorithm().equals("RSA");
    byte[] probe = keys.getPublic().getEncoded();
    try {
      Signature signature = Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initSign(keys.getPrivate());
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(keys.getPublic());
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Reads a pair from SubjectPublicKeyInfo and PKCS#8. */
  public static KeyPair read(byte[] spki, byte[] pkcs8) throws IOException {
    String oid = SubjectPublicKeyInfo.getInstance(spki).getAlgorithm().getAlgorithm().getId();
    String algorithm = oid.equals(PKCSObjectIdentifiers.rsaEncryption.getId()) ? "RSA" : "EC";
    try {
      KeyFactory factory = KeyFactory.getInstance(algorithm);
      return new KeyPair(
          factory.generatePublic(new X509EncodedKeySpec(spki)), read(algorithm, pkcs8));
    } catch (GeneralSecurityException e) {
      throw new IOException("the stored client key cannot be read", e);
    }
  }

  /** Reads a private key from PKCS#8. */
  public static PrivateKey read(String algorithm, byte[] pkcs8) throws IOException {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw new IOException("the client key is no " + algorithm + " key", e);
    }
  }

  private static String algorithm(ClientKeyType type) {
    return switch (type) {
      case RSA_2048 -> "RSA";
      case P_256, P_384 -> "EC";
    };
  }
}
