package dev.otasigner.keys.approval;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One approver's word on one request: the payload of a DSSE envelope of type {@link #PAYLOAD_TYPE},
 * signed by the approver's own key alone.
 *
 * @param request digest of the canonical request document
 * @param policy digest of the policy the request was judged by
 * @param requester who asks; signed, so that nobody can pass an own request for another's
 * @param notAfter when the word lapses; at most {@link #LONGEST} after the request was made
 * @param nonce 8 random bytes
 */
public record Approval(
    Digest request,
    Digest policy,
    String requester,
    String approver,
    Decision decision,
    Instant notAfter,
    Bytes nonce,
    Optional<String> reason) {
  public static final String PAYLOAD_TYPE = "application/vnd.otasigner.approval.v1+json";
  public static final int NONCE_BYTES = 8;

  /**
   * What may lie between the making of a request and the end of an approval of it: a release waits
   * for people on holiday, and not for a year.
   */
  public static final Duration LONGEST = Duration.ofDays(30);

  private static final int MAX_BYTES = 8 * 1024;
  private static final int MAX_TEXT = 1000;

  /** Yes, or a yes taken back. */
  public enum Decision {
    APPROVE,
    REVOKE;

    public String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Decision ofCode(String code) {
      for (Decision decision : values()) {
        if (decision.code().equals(code)) {
          return decision;
        }
      }
      return null;
    }
  }

  public Approval {
    if (nonce.length() != NONCE_BYTES) {
      throw new IllegalArgumentException("a nonce of " + NONCE_BYTES + " bytes is expected");
    }
  }

  /** Reads the payload; the signature is the caller's to check. */
  public static Approval read(byte[] payload) throws RejectedException {
    Fields fields = JsonReader.readObject(payload, MAX_BYTES);
    if (fields.has("critical")) {
      for (String name : fields.strings("critical", 32)) {
        throw new RejectedException(
            Reason.UNSUPPORTED_CRITICAL, "critical: this reader does not know '" + name + "'");
      }
    }
    Bytes nonce = fields.hex("nonce", NONCE_BYTES);
    if (nonce.length() != NONCE_BYTES) {
      throw fields.malformed("nonce", NONCE_BYTES + " bytes are expected");
    }
    return new Approval(
        fields.digest("request"),
        fields.digest("policy"),
        text(fields, "requester"),
        text(fields, "approver"),
        fields.oneOf("decision", Decision::ofCode, "decision"),
        fields.time("notAfter"),
        nonce,
        fields.has("reason") ? Optional.of(text(fields, "reason")) : Optional.empty());
  }

  static String text(Fields fields, String name) throws RejectedException {
    String value = fields.string(name);
    if (value.isBlank() || value.length() > MAX_TEXT) {
      throw fields.malformed(name, "a text of 1 to " + MAX_TEXT + " characters is expected");
    }
    return value;
  }

  public Json.Obj toJson() {
    return Json.object()
        .put("request", request)
        .put("policy", policy)
        .put("requester", requester)
        .put("approver", approver)
        .put("decision", decision.code())
        .put("notAfter", notAfter)
        .put("nonce", nonce.hex())
        .put("reason", reason.orElse(null))
        .build();
  }
}
