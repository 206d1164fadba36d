package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/**
 * What a key of each purpose signs, and nothing else: a stolen credential that reaches the worker
 * cannot make a manifest key sign a root, or a timestamp key a certificate.
 */
final class ContentRule {
  /** Of the manifest's envelope, as in the wire contracts. */
  static final String MANIFEST_TYPE = "application/vnd.otasigner.manifest.v1+json";

  /** Over 100,000 targets in one file. */
  private static final int MAX_TUF_BYTES = 32 * 1024 * 1024;

  private static final byte[] MCUBOOT_MAGIC = {0x3d, (byte) 0xb8, (byte) 0xf3, (byte) 0x96};

  /** SHA-256 or SHA-512 of an image, which Ed25519 signs as a message. */
  private static final Set<Integer> DIGEST_BYTES = Set.of(32, 64);

  private ContentRule() {}

  /**
   * What the token is to sign, which for ML-DSA in TUF is made from what was given.
   *
   * @throws Refused CONTENT when a key of this purpose does not sign it
   */
  static SigningInput judge(KeyPurpose purpose, VerificationKey key, SigningInput input) {
    try {
      switch (purpose) {
        case IMAGE -> image(key.suite(), input);
        case MANIFEST -> manifest(message(input));
        case ROOT -> {
          return tuf(key, message(input), "root");
        }
        case TARGETS -> {
          return tuf(key, message(input), "targets");
        }
        case CHANNEL -> {
          Fields role = tufDocument(message(input), "targets");
          requireNoDelegations(role);
          return tufInput(key, message(input));
        }
        case SNAPSHOT -> {
          return tuf(key, message(input), "snapshot");
        }
        case TIMESTAMP -> {
          return tuf(key, message(input), "timestamp");
        }
        case AUDIT -> {
          return audit(key, message(input));
        }
        case DEVICE_CA, SERVER_TLS -> CertificateRule.judge(purpose, key, message(input));
        case BARE_DIGEST -> bareDigest(key.suite(), input);
        case APPROVAL ->
            throw new NotSupported(
                "approval keys are held by approvers: a worker would approve its own work");
      }
    } catch (RejectedException e) {
      throw refused(purpose.code() + " key: " + e.getMessage());
    }
    return input;
  }

  static Refused refused(String message) {
    return new Refused(RefusalCode.CONTENT, message);
  }

  private static byte[] message(SigningInput input) {
    if (input instanceof SigningInput.Message message) {
      return message.bytes().toByteArray();
    }
    throw refused("a bare hash can not be judged; only image and bare-digest keys sign one");
  }

  private static void image(SignatureSuite suite, SigningInput input) {
    if (input instanceof SigningInput.Hash) {
      return;
    }
    byte[] bytes = input.bytes().toByteArray();
    boolean digest = suite.hash() == null && DIGEST_BYTES.contains(bytes.length);
    boolean pure =
        bytes.length > MCUBOOT_MAGIC.length
            && Arrays.equals(
                bytes, 0, MCUBOOT_MAGIC.length, MCUBOOT_MAGIC, 0, MCUBOOT_MAGIC.length);
    if (!digest && !pure) {
      throw refused("image key: the hash of an image, or an image, is expected");
    }
  }

  /** A digest of the length that the suite signs, and nothing that could be a document. */
  private static void bareDigest(SignatureSuite suite, SigningInput input) {
    boolean digest =
        suite.hash() == null
            ? input instanceof SigningInput.Message && DIGEST_BYTES.contains(input.bytes().length())
            : input instanceof SigningInput.Hash hash && hash.name().equals(suite.hash());
    if (!digest) {
      throw refused(
          "bare-digest key: a digest is expected, "
              + (suite.hash() == null ? "of SHA-256 or SHA-512" : "of " + suite.hash()));
    }
  }

  /** DSSE's pre-authentication encoding of a manifest, with nothing around it. */
  private static void manifest(byte[] message) throws RejectedException {
    Bytes payload = manifestPayload(message);
    JsonReader.readObject(payload.toByteArray(), payload.length()).requireSchema(Set.of());
  }

  /** The manifest inside its pre-authentication encoding. */
  static Bytes manifestPayload(byte[] message) {
    String head = "DSSEv1 " + MANIFEST_TYPE.length() + " " + MANIFEST_TYPE + " ";
    byte[] prefix = head.getBytes(StandardCharsets.US_ASCII);
    int space = -1;
    if (message.length > prefix.length
        && Arrays.equals(message, 0, prefix.length, prefix, 0, prefix.length)) {
      for (int i = prefix.length; i < message.length && space < 0; i++) {
        space = message[i] == ' ' ? i : -1;
      }
    }
    if (space < 0) {
      throw refused("manifest key: the DSSE encoding of a manifest is expected");
    }
    String length =
        new String(message, prefix.length, space - prefix.length, StandardCharsets.US_ASCII);
    if (!length.equals(Integer.toString(message.length - space - 1))) {
      throw refused("manifest key: the length in the DSSE encoding is not the payload's");
    }
    return Bytes.copyOf(message, space + 1, message.length);
  }

  private static SigningInput tuf(VerificationKey key, byte[] message, String type)
      throws RejectedException {
    tufDocument(message, type);
    return tufInput(key, message);
  }

  private static Fields tufDocument(byte[] message, String type) throws RejectedException {
    Fields document = new Fields(JsonReader.readCanonical(message, MAX_TUF_BYTES), "");
    String found = document.string("_type");
    if (!found.equals(type)) {
      throw refused("TUF metadata of type '" + type + "' is expected, not '" + found + "'");
    }
    return document;
  }

  private static void requireNoDelegations(Fields role) {
    if (role.has("delegations")) {
      throw refused("only the targets key delegates");
    }
  }

  /** TAP 21: ML-DSA signs {@code "tuf" || 0x01 || SHA-512(canonical JSON)}. */
  private static SigningInput tufInput(VerificationKey key, byte[] canonical) {
    if (key.suite().family() != SignatureSuite.Family.ML_DSA) {
      return SigningInput.message(canonical);
    }
    byte[] hash = Digest.digest("SHA-512").digest(canonical);
    byte[] tagged = new byte[4 + hash.length];
    tagged[0] = 't';
    tagged[1] = 'u';
    tagged[2] = 'f';
    tagged[3] = 1;
    System.arraycopy(hash, 0, tagged, 4, hash.length);
    return SigningInput.message(tagged);
  }

  /** A checkpoint (C2SP tlog-checkpoint), or the TUF role that lists nothing but checkpoints. */
  private static SigningInput audit(VerificationKey key, byte[] message) throws RejectedException {
    if (message.length > 0 && message[0] == '{') {
      Fields role = tufDocument(message, "targets");
      requireNoDelegations(role);
      for (String path : role.object("targets").names()) {
        if (!path.startsWith("audit/")) {
          throw refused("an audit key lists targets under audit/ only");
        }
      }
      return tufInput(key, message);
    }
    CheckpointRule.judge(message);
    return SigningInput.message(message);
  }
}
