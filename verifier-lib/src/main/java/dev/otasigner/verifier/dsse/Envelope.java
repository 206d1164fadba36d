package dev.otasigner.verifier.dsse;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A DSSE v1 envelope in JSON. {@code keyid} is our key identifier (SHA-256 of the SPKI, hex).
 *
 * @param payloadType what the payload is
 * @param payload the signed bytes, as received
 * @param signatures one per key, in the order of the document
 */
public record Envelope(String payloadType, Bytes payload, List<Signature> signatures) {
  /** Of an envelope, in bytes of its JSON text. */
  public static final int MAX_BYTES = 256 * 1024;

  /** Of one envelope. */
  public static final int MAX_SIGNATURES = 16;

  /** No suite has longer signatures. */
  private static final int MAX_SIGNATURE_BYTES = SignatureSuite.HSS_LMS.maxSignatureBytes();

  /**
   * A signature beside the payload.
   *
   * @param keyId SHA-256 of the signer's SubjectPublicKeyInfo
   * @param signature over {@link #toBeSigned()}, in the encoding of the key's suite
   */
  public record Signature(Digest keyId, Bytes signature) {}

  public Envelope {
    signatures = List.copyOf(signatures);
  }

  /**
   * Reads an envelope; nothing is verified yet. One without signatures is no refusal here.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES} or {@link #MAX_SIGNATURES}, or
   *     for a signature longer than any suite's; MALFORMED, also for a key that signs twice
   */
  public static Envelope read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    List<Signature> signatures = new ArrayList<>();
    Set<Digest> signers = new LinkedHashSet<>();
    for (Fields item : fields.objects("signatures", MAX_SIGNATURES)) {
      Signature signature =
          new Signature(item.digest("keyid"), item.base64("sig", MAX_SIGNATURE_BYTES));
      if (!signers.add(signature.keyId())) {
        throw item.malformed("keyid", "this key has signed twice");
      }
      signatures.add(signature);
    }
    return new Envelope(
        fields.string("payloadType"), fields.base64("payload", MAX_BYTES), signatures);
  }

  /** DSSE v1 pre-authentication encoding (PAE): what each key signs. */
  public static byte[] toBeSigned(String payloadType, Bytes payload) {
    byte[] type = payloadType.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length() + 64);
    out.writeBytes(("DSSEv1 " + type.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(type);
    out.writeBytes((" " + payload.length() + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(payload.toByteArray());
    return out.toByteArray();
  }

  /** DSSE v1 pre-authentication encoding (PAE) of this type and payload: what each key signs. */
  public byte[] toBeSigned() {
    return toBeSigned(payloadType, payload);
  }

  /**
   * The identifiers of the given keys that have validly signed. A signature by one of them that
   * does not verify is refused outright: a broken signature is never skipped over.
   *
   * @throws RejectedException BAD_SIGNATURE
   */
  public Set<Digest> validSigners(Collection<VerificationKey> keys) throws RejectedException {
    byte[] message = toBeSigned();
    Set<Digest> valid = new LinkedHashSet<>();
    for (VerificationKey key : keys) {
      for (Signature signature : signatures) {
        if (signature.keyId().equals(key.keyId())) {
          key.verify(message, signature.signature().toByteArray());
          valid.add(key.keyId());
        }
      }
    }
    return valid;
  }

  /**
   * The payload, when it is of this type.
   *
   * @throws RejectedException MALFORMED when it is of another one
   */
  public Bytes payloadOf(String expectedType) throws RejectedException {
    if (!payloadType.equals(expectedType)) {
      throw new RejectedException(Reason.MALFORMED, "payload type", expectedType, "another one");
    }
    return payload;
  }

  /** This envelope with one more signature at the end; whether it is valid is not asked. */
  public Envelope with(Signature signature) {
    List<Signature> all = new ArrayList<>(signatures);
    all.add(signature);
    return new Envelope(payloadType, payload, all);
  }

  /** The envelope as JSON text in UTF-8. */
  public byte[] toBytes() {
    List<Json> items = new ArrayList<>();
    for (Signature signature : signatures) {
      items.add(
          Json.object()
              .put("keyid", signature.keyId())
              .putBase64("sig", signature.signature())
              .build());
    }
    return Json.object()
        .put("payloadType", payloadType)
        .putBase64("payload", payload)
        .put("signatures", items)
        .build()
        // Not canonical, which would leave a control character in the payload type as it is.
        .textBytes();
  }
}
