package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.verifier.Bytes;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one private key among the blocks of a PEM file (RFC 7468); certificates, parameters and
 * public keys beside it are passed over.
 */
final class PemBlock {
  private static final Pattern BEGIN =
      Pattern.compile("-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----");
  private static final Pattern ENCRYPTED =
      Pattern.compile(
          "\\s*Proc-Type:\\s*4,ENCRYPTED\\s+DEK-Info:\\s*([A-Z0-9-]+),([0-9A-Fa-f]+)\\s+");

  /** What OpenSSL's older form says in {@code DEK-Info}: cipher and initial vector. */
  record Encryption(String cipher, Bytes iv) {}

  private final String label;
  private final byte[] der;
  private final Optional<Encryption> encryption;

  private PemBlock(String label, byte[] der, Optional<Encryption> encryption) {
    this.label = label;
    this.der = der;
    this.encryption = encryption;
  }

  /** Such as {@code EC PRIVATE KEY}. */
  String label() {
    return label;
  }

  /** The caller's to wipe. */
  byte[] der() {
    return der;
  }

  Optional<Encryption> encryption() {
    return encryption;
  }

  static PemBlock onlyKey(Path file, String text) {
    Matcher begin = BEGIN.matcher(text);
    if (!begin.find()) {
      throw PrivateKeyFile.noKey(file);
    }
    String label = begin.group(1);
    int from = begin.end();
    int to = text.indexOf("-----END " + label + "-----", from);
    if (to < 0) {
      throw new BadKey(file + ": the file is cut short (no -----END " + label + "-----)");
    }
    if (begin.find()) {
      throw new BadKey(file + ": holds two private keys; one is expected");
    }
    String body = text.substring(from, to);
    Matcher head = ENCRYPTED.matcher(body);
    Optional<Encryption> encryption = Optional.empty();
    if (head.lookingAt()) {
      encryption =
          Optional.of(
              new Encryption(head.group(1), Bytes.copyOf(HexFormat.of().parseHex(head.group(2)))));
      body = body.substring(head.end());
    }
    try {
      byte[] der = Base64.getDecoder().decode(body.replaceAll("\\s", ""));
      if (der.length == 0) {
        throw new BadKey(file + ": its " + label + " is empty");
      }
      return new PemBlock(label, der, encryption);
    } catch (IllegalArgumentException e) {
      throw new BadKey(file + ": its base64 is damaged");
    }
  }

  @Override
  public String toString() {
    return "a block of PEM";
  }
}
