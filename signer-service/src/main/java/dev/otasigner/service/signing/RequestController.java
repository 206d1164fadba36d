package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Signing requests. */
@RestController
class RequestController {
  private static final int MAX_KEY_LENGTH = 64;
  private static final int MAX_REQUESTS = 32;

  private final SigningCycle cycle;
  private final RequestLedger ledger;
  private final RequestApprovals approvals;

  RequestController(SigningCycle cycle, RequestLedger ledger, RequestApprovals approvals) {
    this.cycle = cycle;
    this.ledger = ledger;
    this.approvals = approvals;
  }

  /** 201 when the request came to its end, 202 when it waits for approvals. */
  @PostMapping("/api/v1/products/{product}/requests")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  ResponseEntity<Json> create(@PathVariable String product, @RequestBody Json.Obj body) {
    try {
      Wanted one = Wanted.read(new Fields(body, ""));
      String requester = Actor.current().label();
      SigningRequest request = cycle.take(product, requester, one.idempotencyKey(), one.spec());
      return answer(request.state().isFinal(), request.toJson());
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  /** Several in one call, of which none is received unless the policy lets every one in. */
  @PostMapping("/api/v1/products/{product}/requests/batch")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  ResponseEntity<Json> createSeveral(@PathVariable String product, @RequestBody Json.Obj body) {
    Fields fields = new Fields(body, "");
    try {
      List<Wanted> wanted = new ArrayList<>();
      for (Fields one : fields.objects("requests", MAX_REQUESTS)) {
        wanted.add(Wanted.read(one));
      }
      if (wanted.isEmpty()) {
        throw fields.malformed("requests", "at least one is expected");
      }
      return several(product, Actor.current().label(), wanted);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private ResponseEntity<Json> several(String product, String requester, List<Wanted> wanted) {
    List<Json> verdicts = new ArrayList<>();
    int refused = 0;
    Set<ImageVersion> versions = new HashSet<>();
    List<RequestSpec> before = new ArrayList<>();
    for (Wanted one : wanted) {
      List<PolicyReason> reasons = new ArrayList<>();
      if (cycle.earlier(product, requester, one.idempotencyKey(), one.spec()).isEmpty()) {
        reasons.addAll(cycle.foresee(product, requester, one.spec(), before));
        before.add(one.spec());
      }
      if (!versions.add(one.spec().version())) {
        reasons.add(
            new PolicyReason(
                PolicyCode.VERSION_TAKEN, one.spec().version() + " stands twice in this call"));
      }
      refused += reasons.isEmpty() ? 0 : 1;
      verdicts.add(Json.object().put("reasons", PolicyReason.toJson(reasons)).build());
    }
    if (refused > 0) {
      throw new SignerException(
          ProblemType.REFUSED,
          refused
              + " of "
              + wanted.size()
              + " requests are refused by policy; none of them is received",
          Map.of("requests", new Json.Arr(List.copyOf(verdicts))));
    }
    List<SigningRequest> received =
        cycle.receiveAll(
            () ->
                wanted.stream()
                    .map(one -> cycle.receive(product, requester, one.idempotencyKey(), one.spec()))
                    .toList());
    boolean ended = true;
    List<Json> answers = new ArrayList<>();
    for (SigningRequest one : received) {
      SigningRequest advanced = cycle.advance(one.id());
      ended &= advanced.state().isFinal();
      answers.add(advanced.toJson());
    }
    return answer(ended, new Json.Arr(List.copyOf(answers)));
  }

  private static ResponseEntity<Json> answer(boolean ended, Json body) {
    return ResponseEntity.status(ended ? HttpStatus.CREATED : HttpStatus.ACCEPTED).body(body);
  }

  /** A request as it is asked for. */
  private record Wanted(RequestSpec spec, @Nullable String idempotencyKey) {
    static Wanted read(Fields fields) throws RejectedException {
      RequestSpec spec = RequestSpec.read(fields);
      return new Wanted(spec, RequestController.idempotencyKey(fields));
    }
  }

  /** Under which a repeated request is known, where it came with one. */
  static @Nullable String idempotencyKey(Fields fields) throws RejectedException {
    String key = fields.optionalString("idempotencyKey").orElse(null);
    if (key != null && (key.isEmpty() || key.length() > MAX_KEY_LENGTH)) {
      throw fields.malformed(
          "idempotencyKey", "1 to " + MAX_KEY_LENGTH + " characters are expected");
    }
    return key;
  }

  @GetMapping("/api/v1/products/{product}/requests")
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam @Nullable String state,
      @RequestParam @Nullable String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    Set<RequestState> states =
        state == null ? EnumSet.allOf(RequestState.class) : EnumSet.of(RequestState.asked(state));
    Optional<SigningRequest> first = first(from, request -> request.product().equals(product));
    return shown(page, ledger.of(product, states, first, page.toRead()));
  }

  /** Those that wait for approvals, or are in another state, of every product of the caller's. */
  @GetMapping("/api/v1/requests")
  @AllowedTo(ofAnyProduct = true)
  Json listAll(
      @RequestParam(defaultValue = "awaiting-approval") String state,
      @RequestParam @Nullable String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    Rights rights = Actor.current().rights();
    Set<RequestState> states = EnumSet.of(RequestState.asked(state));
    Optional<SigningRequest> first = first(from, request -> rights.reach(request.product()));
    return shown(page, ledger.oldest(rights.products(), states, first, page.toRead()));
  }

  private Optional<SigningRequest> first(
      @Nullable String from, Predicate<SigningRequest> reachable) {
    if (from == null) {
      return Optional.empty();
    }
    try {
      Optional<SigningRequest> first = ledger.find(UUID.fromString(from)).filter(reachable);
      return Optional.of(first.orElseThrow(Page::notFrom));
    } catch (IllegalArgumentException e) {
      throw Page.notFrom();
    }
  }

  private static Json shown(Page page, List<SigningRequest> read) {
    return page.of("requests", read, SigningRequest::toJson, r -> r.id().toString());
  }

  /** One request, with its attempts and the document that is approved. */
  @GetMapping("/api/v1/requests/{id}")
  @AllowedTo(ofAnyProduct = true)
  Json get(@PathVariable String id) {
    SigningRequest request = ledger.get(uuid(id));
    Actor.current().requireProduct(request.product());
    Map<String, Json> members = new LinkedHashMap<>(request.toJson().members());
    List<Json> attempts = new ArrayList<>();
    ledger.attempts(request.id()).forEach(a -> attempts.add(a.toJson()));
    members.put("history", new Json.Arr(attempts));
    request.documentJson().ifPresent(document -> members.put("document", document));
    request.policy().ifPresent(policy -> members.put("policy", policy));
    members.put("headerSize", new Json.Num(request.spec().layout().headerBytes()));
    request.draft().ifPresent(draft -> members.put("draft", draft));
    List<Json> words = new ArrayList<>();
    approvals.of(request.id()).forEach(word -> words.add(word.toJson()));
    members.put("approvals", new Json.Arr(words));
    needed(request).ifPresent(count -> members.put("approvalsNeeded", new Json.Num(count)));
    return new Json.Obj(members);
  }

  /** How many approvals it waits for. Only the token's worker knows; it may be away. */
  private Optional<Integer> needed(SigningRequest request) {
    if (request.state() != RequestState.AWAITING_APPROVAL) {
      return Optional.empty();
    }
    try {
      return Optional.of(approvals.needed(request));
    } catch (SignerException e) {
      if (e.type() != ProblemType.TOKEN_UNAVAILABLE) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private static UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new SignerException(ProblemType.NOT_FOUND, "request " + text + " is not known here");
    }
  }
}
