package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * A private key in a file that another program wrote: PKCS#8, plain or encrypted (RFC 5958), the
 * older forms of RSA (RFC 8017) and elliptic curves (RFC 5915), each in PEM or DER, and PKCS#12
 * (RFC 7292). What a file is, is told by its content and never by its name.
 */
public final class PrivateKeyFile {
  private static final int MAX_BYTES = 512 * 1024;

  /** What opens a file, asked once and only for one that is encrypted. */
  @FunctionalInterface
  public interface Opener {
    /** A passphrase, which the caller wipes when it is done, or none. */
    Optional<Passphrase> passphrase() throws IOException;
  }

  private final Path file;
  private final Optional<String> alias;
  private final Opener opener;

  private PrivateKeyFile(Path file, Optional<String> alias, Opener opener) {
    this.file = file;
    this.alias = alias;
    this.opener = opener;
  }

  /**
   * Reads the file's private key, for the first of the suites that it fits.
   *
   * @param alias which entry of a PKCS#12 file; needed where it holds several keys
   * @throws IOException when the file cannot be read
   * @throws BadKey naming the file, when it is cut short, holds no private key of these suites or
   *     several, or is encrypted and no passphrase was given
   * @throws KeyOperationException.SealBroken when the passphrase is wrong
   */
  public static SoftKey read(
      Path file, Optional<String> alias, List<SignatureSuite> suites, Opener opener)
      throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new BadKey(file + ": longer than any file of private keys");
    }
    byte[] content = Files.readAllBytes(file);
    try {
      byte[] pkcs8 = new PrivateKeyFile(file, alias, opener).pkcs8(content);
      try {
        return fitting(file, suites, pkcs8);
      } finally {
        Arrays.fill(pkcs8, (byte) 0);
      }
    } finally {
      Arrays.fill(content, (byte) 0);
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
            + ": its key is "
            + PrivateKeys.kind(pkcs8)
            + ", not one of "
            + String.join(", ", suites.stream().map(SignatureSuite::code).toList()));
  }

  private byte[] pkcs8(byte[] content) throws IOException {
    try {
      if (content.length == 0) {
        throw new BadKey(file + ": an empty file");
      }
      if (content[0] == 0x30) {
        return ofDer(content);
      }
      return ofPem(PemBlock.onlyKey(file, new String(content, StandardCharsets.ISO_8859_1)));
    } catch (KeyOperationException e) {
      throw e;
    } catch (RuntimeException e) {
      // The parser's own message may quote the key's bytes, so it is not passed on.
      throw new BadKey(file + ": its content is damaged");
    }
  }

  private byte[] ofPem(PemBlock block) throws IOException {
    if (alias.isPresent()) {
      throw new BadKey(file + ": a PEM file has no names to choose a key by");
    }
    byte[] der = block.der();
    try {
      if (block.encryption().isEmpty()) {
        return ofLabel(block.label(), sequence(der));
      }
      PemBlock.Encryption with = block.encryption().get();
      try (Passphrase passphrase = passphrase()) {
        PassphraseCipher cipher = new PassphraseCipher(file, passphrase);
        return decrypted(
            cipher.openSslPem(with.cipher(), with.iv().toByteArray(), der), block.label());
      }
    } finally {
      Arrays.fill(der, (byte) 0);
    }
  }

  private byte[] ofLabel(String label, ASN1Sequence key) throws IOException {
    return switch (label) {
      case "PRIVATE KEY" -> PrivateKeyInfo.getInstance(key).getEncoded(ASN1Encoding.DER);
      case "RSA PRIVATE KEY" -> ofRsa(key);
      case "EC PRIVATE KEY" -> ofCurve(key);
      case "ENCRYPTED PRIVATE KEY" -> ofEncrypted(key);
      default -> throw new BadKey(file + ": '" + label + "' is no form of key that is read here");
    };
  }

  /** Tells the forms apart by how they begin. */
  private byte[] ofDer(byte[] content) throws IOException {
    ASN1Sequence outer = sequence(content);
    boolean numbered = outer.getObjectAt(0) instanceof ASN1Integer;
    Object second = outer.getObjectAt(1).toASN1Primitive();
    if (numbered
        && second instanceof ASN1Sequence
        && ASN1Integer.getInstance(outer.getObjectAt(0)).hasValue(3)) {
      try (Passphrase passphrase = passphrase()) {
        byte[] key = Pkcs12File.key(file, outer, alias, passphrase);
        return decrypted(key, "PRIVATE KEY");
      }
    }
    if (alias.isPresent()) {
      throw new BadKey(file + ": only a PKCS#12 file has names to choose a key by");
    }
    if (numbered && second instanceof ASN1Sequence) {
      return ofLabel("PRIVATE KEY", outer);
    }
    if (numbered && second instanceof ASN1Integer) {
      return ofRsa(outer);
    }
    if (numbered && second instanceof ASN1OctetString) {
      return ofCurve(outer);
    }
    if (!numbered && second instanceof ASN1OctetString) {
      return ofEncrypted(outer);
    }
    throw noKey(file);
  }

  static BadKey noKey(Path file) {
    return new BadKey(
        file + ": no private key (PEM, PKCS#8 or PKCS#12 is expected); a certificate has none");
  }

  private byte[] ofRsa(ASN1Sequence key) throws IOException {
    return new PrivateKeyInfo(
            new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
            RSAPrivateKey.getInstance(key))
        .getEncoded(ASN1Encoding.DER);
  }

  private byte[] ofCurve(ASN1Sequence sequence) throws IOException {
    ECPrivateKey key = ECPrivateKey.getInstance(sequence);
    return new PrivateKeyInfo(
            new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, key.getParametersObject()),
            key)
        .getEncoded(ASN1Encoding.DER);
  }

  private byte[] ofEncrypted(ASN1Sequence sequence) throws IOException {
    EncryptedPrivateKeyInfo sealed = EncryptedPrivateKeyInfo.getInstance(sequence);
    try (Passphrase passphrase = passphrase()) {
      byte[] key =
          new PassphraseCipher(file, passphrase)
              .decrypt(sealed.getEncryptionAlgorithm(), sealed.getEncryptedData());
      return decrypted(key, "PRIVATE KEY");
    }
  }

  /** One wrong passphrase in 256 leaves padding that looks right: then the content does not. */
  private byte[] decrypted(byte[] der, String label) throws IOException {
    try {
      return ofLabel(label, ASN1Sequence.getInstance(ASN1Primitive.fromByteArray(der)));
    } catch (IOException | RuntimeException e) {
      throw PassphraseCipher.wrongPassphrase(file);
    } finally {
      Arrays.fill(der, (byte) 0);
    }
  }

  private Passphrase passphrase() throws IOException {
    return opener
        .passphrase()
        .orElseThrow(
            () -> new BadKey(file + ": the key is encrypted, and no passphrase was given"));
  }

  private ASN1Sequence sequence(byte[] der) {
    requireWhole(der);
    try (ASN1InputStream in = new ASN1InputStream(der, false)) {
      if (in.readObject() instanceof ASN1Sequence sequence && sequence.size() >= 2) {
        return sequence;
      }
    } catch (IOException e) {
      throw new BadKey(file + ": its content is damaged");
    }
    throw noKey(file);
  }

  /** Compares the length that the outermost element states with what is there. */
  private void requireWhole(byte[] der) {
    int lengthByte = der.length > 1 ? der[1] & 0xff : 0;
    int octets = lengthByte > 0x80 ? lengthByte - 0x80 : 0;
    long stated = lengthByte > 0x80 ? 0 : lengthByte;
    for (int i = 0; i < Math.min(octets, 4) && 2 + i < der.length; i++) {
      stated = stated << 8 | der[2 + i] & 0xff;
    }
    long whole = 2L + octets + stated;
    if (lengthByte != 0x80 && der.length < whole) {
      throw new BadKey(
          file + ": the file is cut short (" + der.length + " of " + whole + " bytes)");
    }
    if (lengthByte == 0x80 && (der[der.length - 1] != 0 || der[der.length - 2] != 0)) {
      throw new BadKey(file + ": the file is cut short (its end marks are missing)");
    }
  }
}
