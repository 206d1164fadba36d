package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * A trust anchor: a key and its one suite. On the wire {@code {keyId, suite, spki:base64}}.
 *
 * @param key the key, whose identifier was recomputed when it was read
 */
public record Anchor(VerificationKey key) {
  static final int MAX_QUOTED = 64;

  /**
   * Reads an anchor, and recomputes its identifier.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM for a suite outside the registry, or a key of
   *     another type or size than its suite's; KEYID_MISMATCH when the stated identifier is not the
   *     digest of the key; LIMIT_EXCEEDED for a key over {@link VerificationKey#MAX_SPKI_BYTES};
   *     MALFORMED
   */
  public static Anchor read(Fields fields) throws RejectedException {
    SignatureSuite suite = suite(fields, "suite");
    VerificationKey key =
        VerificationKey.of(suite, fields.base64("spki", VerificationKey.MAX_SPKI_BYTES));
    Digest stated = fields.digest("keyId");
    if (!stated.equals(key.keyId())) {
      throw new RejectedException(
          Reason.KEYID_MISMATCH, fields.where("keyId"), key.keyId(), stated);
    }
    return new Anchor(key);
  }

  static SignatureSuite suite(Fields fields, String name) throws RejectedException {
    String code = fields.string(name);
    SignatureSuite suite = SignatureSuite.ofCode(code);
    if (suite == null) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM,
          fields.where(name) + ": no suite of the registry",
          "a suite of the registry",
          code.length() > MAX_QUOTED ? code.substring(0, MAX_QUOTED) + "..." : code);
    }
    return suite;
  }

  /**
   * Reads an array of anchors, each by {@link #read}; one that stands twice is no refusal here.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more than {@code maxItems}; any reason of {@link
   *     #read}
   */
  public static List<Anchor> readAll(Fields fields, String name, int maxItems)
      throws RejectedException {
    List<Anchor> anchors = new ArrayList<>();
    for (Fields item : fields.objects(name, maxItems)) {
      anchors.add(read(item));
    }
    return anchors;
  }

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return key.keyId();
  }

  /** The one suite that the key verifies with. */
  public SignatureSuite suite() {
    return key.suite();
  }

  /** The form on the wire, which {@link #read} reads. */
  public Json.Obj toJson() {
    return Json.object()
        .put("keyId", keyId())
        .put("suite", suite().code())
        .putBase64("spki", key.spki())
        .build();
  }
}
