package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * A private key in a PEM file: PKCS#8, plain or under PBES2 (RFC 8018), or the older forms of RSA
 * (RFC 8017) and elliptic curves (RFC 5915).
 */
public final class PrivateKeyFile {
  private static final int MAX_BYTES = 64 * 1024;
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

  private PrivateKeyFile() {}

  /**
   * Reads the file's first private key, for the first of the suites that it fits.
   *
   * @param passphrase for an encrypted file
   * @throws IOException when the file cannot be read
   * @throws BadKey naming the file, when it holds no private key of these suites, or is encrypted
   *     and no passphrase was given
   * @throws SealBroken when the passphrase is wrong
   */
  public static SoftKey read(
      Path file, List<SignatureSuite> suites, Optional<Passphrase> passphrase) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new BadKey(file + ": longer than any private key");
    }
    Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!block.find()) {
      throw new BadKey(file + ": no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(block.group(2).strip());
    } catch (IllegalArgumentException e) {
      throw new BadKey(file + ": its base64 is damaged");
    }
    byte[] pkcs8 = pkcs8(file, block.group(1), der, passphrase);
    try {
      return fitting(file, suites, pkcs8);
    } finally {
      Arrays.fill(der, (byte) 0);
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private static SoftKey fitting(Path file, List<SignatureSuite> suites, byte[] pkcs8) {
    for (SignatureSuite suite : suites) {
      try {
        return SoftKey.ofForeign(suite, pkcs8);
      } catch (BadKey e) {
        // not a key of this suite; the next one may fit
      }
    }
    throw new BadKey(
        file
            + ": not a private key of "
            + String.join(", ", suites.stream().map(SignatureSuite::code).toList()));
  }

  private static byte[] pkcs8(Path file, String label, byte[] der, Optional<Passphrase> passphrase)
      throws IOException {
    try {
      return switch (label) {
        case "PRIVATE KEY" -> der.clone();
        case "RSA PRIVATE KEY" ->
            new PrivateKeyInfo(
                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                    RSAPrivateKey.getInstance(der))
                .getEncoded(ASN1Encoding.DER);
        case "EC PRIVATE KEY" -> {
          ECPrivateKey key = ECPrivateKey.getInstance(der);
          yield new PrivateKeyInfo(
                  new AlgorithmIdentifier(
                      X9ObjectIdentifiers.id_ecPublicKey, key.getParametersObject()),
                  key)
              .getEncoded(ASN1Encoding.DER);
        }
        case "ENCRYPTED PRIVATE KEY" ->
            decrypt(
                file,
                der,
                passphrase.orElseThrow(
                    () ->
                        new BadKey(file + ": the key is encrypted, and no passphrase was given")));
        default -> throw new BadKey(file + ": '" + label + "' is no form of key that is read here");
      };
    } catch (BadKey | SealBroken e) {
      throw e;
    } catch (RuntimeException e) {
      // The parser's own message may quote the key's bytes, so it is not passed on.
      throw new BadKey(file + ": its content is no " + label);
    }
  }

  private static byte[] decrypt(Path file, byte[] der, Passphrase passphrase) throws IOException {
    char[] characters = passphrase.characters();
    PBEKeySpec spec = new PBEKeySpec(characters);
    try {
      EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der);
      AlgorithmParameters parameters = encrypted.getAlgParameters();
      if (parameters == null) {
        throw new BadKey(file + ": encrypted in a way that is not read here; PBES2 is");
      }
      // The JDK names a PBES2 scheme by its parameters' text, not by their algorithm.
      String scheme = parameters.toString();
      Cipher cipher = Cipher.getInstance(scheme);
      cipher.init(
          Cipher.DECRYPT_MODE,
          SecretKeyFactory.getInstance(scheme).generateSecret(spec),
          parameters);
      return encrypted.getKeySpec(cipher).getEncoded();
    } catch (java.security.spec.InvalidKeySpecException e) {
      throw new SealBroken(SealFault.WRONG_PASSPHRASE, file + ": the passphrase is not the key's");
    } catch (GeneralSecurityException e) {
      throw new BadKey(file + ": encrypted in a way that is not read here; PBES2 is");
    } finally {
      spec.clearPassword();
      Arrays.fill(characters, '\0');
    }
  }
}
