package dev.otasigner.service.problem;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one exception with which a feature answers a request with no. The detail is read by whoever
 * asked: it names what was expected and never holds a secret.
 */
public final class SignerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ProblemType type;
  private final transient Map<String, Json> members;
  private boolean recorded;

  public SignerException(ProblemType type, String detail) {
    this(type, detail, Map.of(), null);
  }

  /** With extension members, which stand beside type, title, status and detail. */
  public SignerException(ProblemType type, String detail, Map<String, Json> members) {
    this(type, detail, members, null);
  }

  private SignerException(
      ProblemType type, String detail, Map<String, Json> members, @Nullable Throwable cause) {
    super(detail, cause);
    this.type = type;
    this.members = new LinkedHashMap<>(members);
  }

  /** The verifier's no to something that was offered for release. */
  public static SignerException refused(RejectedException refusal) {
    return new SignerException(
        ProblemType.REFUSED,
        String.valueOf(refusal.getMessage()),
        Map.of("refusal", refusal(refusal)),
        refusal);
  }

  /** A request whose text breaks the contract of its document. */
  public static SignerException badRequest(RejectedException refusal) {
    return new SignerException(
        ProblemType.BAD_REQUEST,
        String.valueOf(refusal.getMessage()),
        Map.of("refusal", refusal(refusal)),
        refusal);
  }

  public static SignerException notFound(String what) {
    return new SignerException(ProblemType.NOT_FOUND, what + " is not known here");
  }

  public static SignerException conflict(String detail) {
    return new SignerException(ProblemType.CONFLICT, detail);
  }

  /** The contracts' Refusal. */
  static Json.Obj refusal(RejectedException refusal) {
    Json.Builder json =
        Json.object()
            .put("accepted", false)
            .put("reason", refusal.reason().code())
            .put("expected", refusal.expected())
            .put("actual", refusal.actual());
    return refusal.offset() < 0 ? json.build() : json.put("offset", refusal.offset()).build();
  }

  /** The same, once whoever refuses has put it into the audit log in words of its own. */
  public SignerException asRecorded() {
    recorded = true;
    return this;
  }

  boolean isRecorded() {
    return recorded;
  }

  public ProblemType type() {
    return type;
  }

  public Map<String, Json> members() {
    return Map.copyOf(members);
  }

  /**
   * The codes of all that speaks against the request, each once; of several requests, all of them.
   */
  List<String> reasons() {
    Set<String> codes = new LinkedHashSet<>();
    collect(members.get("reasons"), codes);
    if (members.get("requests") instanceof Json.Arr requests) {
      for (Json request : requests.items()) {
        if (request instanceof Json.Obj judged) {
          collect(judged.members().get("reasons"), codes);
        }
      }
    }
    if (members.get("refusal") instanceof Json.Obj refusal
        && refusal.members().get("reason") instanceof Json.Str code) {
      codes.add(code.value());
    }
    return List.copyOf(codes);
  }

  private static void collect(@Nullable Json reasons, Set<String> codes) {
    if (reasons instanceof Json.Arr all) {
      for (Json reason : all.items()) {
        if (reason instanceof Json.Obj one && one.members().get("code") instanceof Json.Str code) {
          codes.add(code.value());
        }
      }
    }
  }

  public String detail() {
    String message = getMessage();
    return message == null ? type.title() : message;
  }
}
