package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a worker in another process answers to a {@link WorkerCall}: a result, or an error. */
final class WorkerAnswer {
  private static final int MAX_KEYS = 100_000;
  private static final String ERROR = "error";
  private static final String ONCE_EXTRACTABLE = "onceExtractable";

  private WorkerAnswer() {}

  /** Nothing but that it is done. */
  static Json.Obj done(Runnable operation) {
    operation.run();
    return nothing();
  }

  static Json.Obj nothing() {
    return Json.object().build();
  }

  static Json.Obj key(TokenKey key) {
    Json.Builder members =
        Json.object()
            .put("name", key.name())
            .put("purpose", key.purpose().code())
            .put("suite", key.suite().code())
            .putBase64("spki", key.publicKey().spki());
    if (key.onceExtractable()) {
      members.put(ONCE_EXTRACTABLE, true);
    }
    return Json.object().put("key", members.build()).build();
  }

  static TokenKey readKey(Fields answer) throws RejectedException {
    Fields key = answer.object("key");
    return new TokenKey(
        key.name("name"),
        key.oneOf("purpose", KeyPurpose::ofCode, "key purpose"),
        VerificationKey.of(
            key.oneOf("suite", SignatureSuite::ofCode, "signature suite"),
            key.base64("spki", VerificationKey.MAX_SPKI_BYTES)),
        key.has(ONCE_EXTRACTABLE) && key.bool(ONCE_EXTRACTABLE));
  }

  static Optional<TokenKey> readFound(Fields answer) throws RejectedException {
    return answer.has("key") ? Optional.of(readKey(answer)) : Optional.empty();
  }

  static Optional<Rule> readRule(Fields answer) throws RejectedException {
    return answer.has("rule") ? Optional.of(Rule.read(answer.object("rule"))) : Optional.empty();
  }

  static Json.Obj count(Optional<Long> count) {
    return count.map(n -> Json.object().put("count", n).build()).orElseGet(WorkerAnswer::nothing);
  }

  static Optional<Long> readCount(Fields answer) throws RejectedException {
    return answer.has("count")
        ? Optional.of(answer.integer("count", 0, Long.MAX_VALUE))
        : Optional.empty();
  }

  static Json.Obj keyIds(Set<Digest> keyIds) {
    return Json.object()
        .put("keyIds", Json.strings(keyIds.stream().map(Digest::hex).toList()))
        .build();
  }

  static Set<Digest> readKeyIds(Fields answer) throws RejectedException {
    return Set.copyOf(new HashSet<>(answer.digests("keyIds", MAX_KEYS)));
  }

  static Json.Obj signatures(List<Bytes> signatures) {
    return Json.object()
        .put("signatures", Json.strings(signatures.stream().map(Bytes::base64).toList()))
        .build();
  }

  static List<Bytes> readSignatures(Fields answer, int count) throws RejectedException {
    List<Bytes> signatures = new ArrayList<>();
    for (String text : answer.strings("signatures", count)) {
      signatures.add(Bytes.ofBase64(text));
    }
    if (signatures.size() != count) {
      throw answer.malformed("signatures", count + " are expected");
    }
    return List.copyOf(signatures);
  }

  /** The kinds of error that a worker has; the names are those on the pipe. */
  private enum Kind {
    NO_SUCH_KEY,
    NAME_TAKEN,
    NOT_SUPPORTED,
    BAD_KEY,
    REFUSED,
    WRONG_SIGNATURE,
    TOKEN_UNAVAILABLE,
    /** Anything else: a fault of the program, of which only the kind is told. */
    FAILED;

    static @Nullable Kind ofCode(String code) {
      for (Kind kind : values()) {
        if (kind.code().equals(code)) {
          return kind;
        }
      }
      return null;
    }

    String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  static Json.Obj error(RuntimeException e) {
    Json.Builder error = Json.object();
    if (e instanceof Refused refused) {
      error.put("code", refused.code().code());
    } else if (e instanceof NoSuchKey missing) {
      error.put("keyId", missing.keyId());
    } else if (e instanceof WrongSignature wrong) {
      error.put("keyId", wrong.keyId());
    }
    boolean foreseen = e instanceof KeyOperationException;
    return Json.object()
        .put(
            ERROR,
            error
                .put("kind", kind(e).code())
                .put("message", foreseen ? String.valueOf(e.getMessage()) : e.getClass().getName())
                .build())
        .build();
  }

  private static Kind kind(RuntimeException e) {
    if (e instanceof NoSuchKey) {
      return Kind.NO_SUCH_KEY;
    } else if (e instanceof NameTaken) {
      return Kind.NAME_TAKEN;
    } else if (e instanceof NotSupported) {
      return Kind.NOT_SUPPORTED;
    } else if (e instanceof BadKey) {
      return Kind.BAD_KEY;
    } else if (e instanceof Refused) {
      return Kind.REFUSED;
    } else if (e instanceof WrongSignature) {
      return Kind.WRONG_SIGNATURE;
    }
    return e instanceof KeyOperationException ? Kind.TOKEN_UNAVAILABLE : Kind.FAILED;
  }

  /**
   * Throws the error that the answer is, as the worker threw it.
   *
   * @throws RejectedException when the error is malformed
   */
  static void requireNoError(Fields answer) throws RejectedException {
    if (!answer.has(ERROR)) {
      return;
    }
    Fields error = answer.object(ERROR);
    String message = error.string("message");
    Kind kind = error.oneOf("kind", Kind::ofCode, "kind of error");
    throw switch (kind) {
      case NO_SUCH_KEY -> new NoSuchKey(error.digest("keyId"));
      case NAME_TAKEN -> new NameTaken(message);
      case NOT_SUPPORTED -> new NotSupported(message);
      case BAD_KEY -> new BadKey(message);
      case REFUSED ->
          new Refused(error.oneOf("code", WorkerAnswer::refusalOfCode, "refusal"), message);
      case WRONG_SIGNATURE -> new WrongSignature(error.digest("keyId"));
      case TOKEN_UNAVAILABLE -> new TokenUnavailable(message);
      case FAILED -> new IllegalStateException("the worker failed: " + message);
    };
  }

  private static @Nullable RefusalCode refusalOfCode(String code) {
    for (RefusalCode refusal : RefusalCode.values()) {
      if (refusal.code().equals(code)) {
        return refusal;
      }
    }
    return null;
  }
}
