package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Signing requests. */
@RestController
class RequestController {
  private static final int MAX_KEY_LENGTH = 64;

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
    Fields fields = new Fields(body, "");
    SigningRequest request;
    try {
      RequestSpec spec = RequestSpec.read(fields);
      String key = fields.optionalString("idempotencyKey").orElse(null);
      if (key != null && (key.isEmpty() || key.length() > MAX_KEY_LENGTH)) {
        throw fields.malformed(
            "idempotencyKey", "1 to " + MAX_KEY_LENGTH + " characters are expected");
      }
      request = cycle.receive(product, Actor.current().label(), key, spec);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    SigningRequest advanced = cycle.advance(request.id());
    HttpStatus status = advanced.state().isFinal() ? HttpStatus.CREATED : HttpStatus.ACCEPTED;
    return ResponseEntity.status(status).body(advanced.toJson());
  }

  @GetMapping("/api/v1/products/{product}/requests")
  @AllowedTo
  Json list(@PathVariable String product) {
    return new Json.Arr(List.copyOf(ledger.of(product).stream().map(r -> r.toJson()).toList()));
  }

  /** One request, with its attempts and the document that is approved. */
  @GetMapping("/api/v1/requests/{id}")
  @AllowedTo
  Json get(@PathVariable String id) {
    SigningRequest request = ledger.get(uuid(id));
    Actor.current().requireProduct(request.product());
    Map<String, Json> members = new LinkedHashMap<>(request.toJson().members());
    List<Json> attempts = new ArrayList<>();
    ledger.attempts(request.id()).forEach(a -> attempts.add(a.toJson()));
    members.put("history", new Json.Arr(attempts));
    request.documentJson().ifPresent(document -> members.put("document", document));
    request.draft().ifPresent(draft -> members.put("draft", draft));
    List<Json> words = new ArrayList<>();
    approvals.of(request.id()).forEach(word -> words.add(word.toJson()));
    members.put("approvals", new Json.Arr(words));
    if (request.state() == RequestState.AWAITING_APPROVAL) {
      members.put("approvalsNeeded", new Json.Num(approvals.needed(request)));
    }
    return new Json.Obj(members);
  }

  private static UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new SignerException(ProblemType.NOT_FOUND, "request " + text + " is not known here");
    }
  }
}
