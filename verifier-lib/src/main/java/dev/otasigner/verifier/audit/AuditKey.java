package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The Ed25519 key that signs checkpoints.
 *
 * @param key of suite ED25519
 */
public record AuditKey(VerificationKey key) {
  /** Of a key ID in a signed note. */
  static final int ID_BYTES = 4;

  /** Of a PEM file with a public key. */
  public static final int MAX_PEM_CHARS = 4096;

  private static final int RAW_KEY_BYTES = 32;
  private static final byte ED25519 = 1;
  private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String END = "-----END PUBLIC KEY-----";

  /**
   * Refuses another suite.
   *
   * @throws IllegalArgumentException for a key of another suite
   */
  public AuditKey {
    if (key.suite() != SignatureSuite.ED25519) {
      throw new IllegalArgumentException("an audit key is an Ed25519 key");
    }
  }

  /**
   * Reads a PEM file.
   *
   * @throws RejectedException MALFORMED when there is no PUBLIC KEY block; LIMIT_EXCEEDED over
   *     {@link #MAX_PEM_CHARS}; UNSUPPORTED_ALGORITHM for a key that is not Ed25519
   */
  public static AuditKey ofPem(String pem) throws RejectedException {
    if (pem.length() > MAX_PEM_CHARS) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "a public key of over " + MAX_PEM_CHARS + " characters");
    }
    int begin = pem.indexOf(BEGIN);
    int end = pem.indexOf(END, Math.max(begin, 0));
    if (begin < 0 || end < 0) {
      throw new RejectedException(Reason.MALFORMED, "no PUBLIC KEY block");
    }
    String base64 = pem.substring(begin + BEGIN.length(), end).replaceAll("\\s", "");
    return ofSpki(Bytes.ofBase64(base64));
  }

  /**
   * The key of a SubjectPublicKeyInfo in DER.
   *
   * @throws RejectedException as {@link VerificationKey#of}
   */
  public static AuditKey ofSpki(Bytes spki) throws RejectedException {
    return new AuditKey(VerificationKey.of(SignatureSuite.ED25519, spki));
  }

  /** C2SP signed-note: the first bytes of SHA-256(name, newline, type, raw key). */
  byte[] idUnder(String name) {
    byte[] spki = key.spki().toByteArray();
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] input = Arrays.copyOf(utf8, utf8.length + 2 + RAW_KEY_BYTES);
    input[utf8.length] = '\n';
    input[utf8.length + 1] = ED25519;
    System.arraycopy(spki, spki.length - RAW_KEY_BYTES, input, utf8.length + 2, RAW_KEY_BYTES);
    return Arrays.copyOf(Digest.of(input).bytes(), ID_BYTES);
  }
}
