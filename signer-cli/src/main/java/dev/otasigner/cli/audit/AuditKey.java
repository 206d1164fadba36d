package dev.otasigner.cli.audit;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** The Ed25519 key that signs checkpoints, with its identifier in a signed note (C2SP). */
record AuditKey(VerificationKey key) {
  private static final int RAW_KEY_BYTES = 32;
  private static final byte ED25519 = 1;
  static final int HASH_BYTES = 4;

  static AuditKey read(String pem) throws RejectedException {
    String body = pem.replaceAll("-----(BEGIN|END) PUBLIC KEY-----", "").replaceAll("\\s", "");
    byte[] spki;
    try {
      spki = Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw new RejectedException(Reason.MALFORMED, "no PUBLIC KEY block");
    }
    return new AuditKey(VerificationKey.of(SignatureSuite.ED25519, Bytes.copyOf(spki)));
  }

  /** The first bytes of SHA-256(name, newline, signature type, raw key). */
  byte[] hash(String name) {
    byte[] spki = key.spki().toByteArray();
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    byte[] input = Arrays.copyOf(utf8, utf8.length + 2 + RAW_KEY_BYTES);
    input[utf8.length] = '\n';
    input[utf8.length + 1] = ED25519;
    System.arraycopy(spki, spki.length - RAW_KEY_BYTES, input, utf8.length + 2, RAW_KEY_BYTES);
    return Arrays.copyOf(Digest.of(input).bytes(), HASH_BYTES);
  }
}
