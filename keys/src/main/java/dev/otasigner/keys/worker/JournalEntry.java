package dev.otasigner.keys.worker;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One record of the intent journal. Each names the digest of the record before it. */
sealed interface JournalEntry {
  /** What the first record names as the one before it. */
  Digest GENESIS = new Digest("0".repeat(64));

  /** Intents and revocations are counted from 1; an outcome bears its intent's number. */
  long seq();

  /** Digest of the JSON of the record before. */
  Digest prev();

  Json.Obj toJson();

  /** How a use of a key ended. */
  enum Result {
    /** The signature was made, verified, and stands in the journal. */
    SIGNED,
    /** No signature left the worker. */
    FAILED,
    /** The stored signature was handed out once more, to a repeated request. */
    RELEASED;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Result ofCode(String code) {
      for (Result result : values()) {
        if (result.code().equals(code)) {
          return result;
        }
      }
      return null;
    }
  }

  /**
   * A key is about to be used.
   *
   * @param toBeSigned digest of the bytes that the token is given
   * @param approvals digests of the envelopes that were checked
   */
  record Intent(
      long seq,
      Digest prev,
      Digest request,
      Digest keyId,
      Digest toBeSigned,
      List<Digest> approvals,
      Instant at)
      implements JournalEntry {
    public Intent {
      approvals = List.copyOf(approvals);
    }

    Intent at(long number, Digest before) {
      return new Intent(number, before, request, keyId, toBeSigned, approvals, at);
    }

    @Override
    public Json.Obj toJson() {
      return Json.object()
          .put("seq", seq)
          .put("prev", prev)
          .put("request", request)
          .put("keyId", keyId)
          .put("toBeSigned", toBeSigned)
          .put("approvals", Json.strings(approvals.stream().map(Digest::hex).toList()))
          .put("at", at)
          .build();
    }
  }

  /**
   * How an intent ended.
   *
   * @param signature digest of the signature
   * @param stored the signature itself, where a repeated request shall have it again
   * @param reason a code, for what failed
   */
  record Outcome(
      long seq,
      Digest prev,
      Result outcome,
      Optional<Digest> signature,
      Optional<Bytes> stored,
      Optional<String> reason)
      implements JournalEntry {

    Outcome after(Digest before) {
      return new Outcome(seq, before, outcome, signature, stored, reason);
    }

    @Override
    public Json.Obj toJson() {
      return Json.object()
          .put("seq", seq)
          .put("prev", prev)
          .put("outcome", outcome.code())
          .put("signature", signature.orElse(null))
          .put("stored", stored.map(Bytes::base64).orElse(null))
          .put("reason", reason.orElse(null))
          .build();
    }
  }

  /**
   * An approval was taken back.
   *
   * @param approval digest of what the approver signed, whatever envelope it is in
   * @param approver identifier of the approver's key
   * @param notAfter when the approval lapses by itself
   */
  record Revocation(
      long seq, Digest prev, Digest approval, Digest approver, Instant notAfter, Instant at)
      implements JournalEntry {

    Revocation at(long number, Digest before) {
      return new Revocation(number, before, approval, approver, notAfter, at);
    }

    @Override
    public Json.Obj toJson() {
      return Json.object()
          .put("seq", seq)
          .put("prev", prev)
          .put("revoked", approval)
          .put("approver", approver)
          .put("notAfter", notAfter)
          .put("at", at)
          .build();
    }
  }

  /**
   * The first record of a segment: another worker was taken to be frozen, and this one goes on in a
   * file of its own. What that one writes after the point named here was never acknowledged, and is
   * no part of the journal.
   *
   * @param seq of the last intent or revocation before
   * @param ends how many bytes of the file before are part of the journal
   */
  record Continuation(long seq, Digest prev, long ends, Instant at) implements JournalEntry {
    @Override
    public Json.Obj toJson() {
      return Json.object()
          .put("seq", seq)
          .put("prev", prev)
          .put("ends", ends)
          .put("at", at)
          .build();
    }
  }

  static JournalEntry read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, JournalFrame.MAX_BYTES);
    Digest prev = fields.digest("prev");
    if (fields.has("ends")) {
      return new Continuation(
          fields.integer("seq", 0, Long.MAX_VALUE),
          prev,
          fields.integer("ends", 0, Long.MAX_VALUE),
          fields.time("at"));
    }
    long seq = fields.integer("seq", 1, Long.MAX_VALUE);
    if (fields.has("revoked")) {
      return new Revocation(
          seq,
          prev,
          fields.digest("revoked"),
          fields.digest("approver"),
          fields.time("notAfter"),
          fields.time("at"));
    }
    if (!fields.has("outcome")) {
      return new Intent(
          seq,
          prev,
          fields.digest("request"),
          fields.digest("keyId"),
          fields.digest("toBeSigned"),
          fields.digests("approvals", WorkerRequest.MAX_APPROVALS),
          fields.time("at"));
    }
    return new Outcome(
        seq,
        prev,
        fields.oneOf("outcome", Result::ofCode, "outcome"),
        fields.has("signature") ? Optional.of(fields.digest("signature")) : Optional.empty(),
        fields.has("stored")
            ? Optional.of(fields.base64("stored", JournalFrame.MAX_BYTES))
            : Optional.empty(),
        fields.optionalString("reason"));
  }
}
