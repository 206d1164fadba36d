package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** What approvers read, and what they say. */
@RestController
class ApprovalController {
  private static final int MAX_REASON = 500;

  private final SigningCycle cycle;
  private final RequestLedger ledger;
  private final PayloadStore payloads;

  ApprovalController(SigningCycle cycle, RequestLedger ledger, PayloadStore payloads) {
    this.cycle = cycle;
    this.ledger = ledger;
    this.payloads = payloads;
  }

  /** Requests that wait for approvals, of every product that the caller may see. */
  @GetMapping("/api/v1/requests")
  @AllowedTo
  Json awaiting() {
    Actor actor = Actor.current();
    return new Json.Arr(
        List.copyOf(
            ledger.awaitingApproval().stream()
                .filter(request -> actor.product().map(request.product()::equals).orElse(true))
                .map(SigningRequest::toJson)
                .toList()));
  }

  /** The payload, for an approver to look at what will be signed. */
  @GetMapping("/api/v1/requests/{id}/payload")
  @AllowedTo({Role.APPROVER, Role.RELEASE_ENGINEER, Role.AUDITOR})
  ResponseEntity<Resource> payload(@PathVariable String id) throws IOException {
    SigningRequest request = of(id);
    Path file =
        payloads
            .find(request.spec().payload())
            .orElseThrow(() -> SignerException.notFound("the payload of request " + id));
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .contentLength(Files.size(file))
        .body(new FileSystemResource(file));
  }

  /** A signed yes, or one taken back. With the last one that is needed the request is signed. */
  @PostMapping("/api/v1/requests/{id}/approvals")
  @AllowedTo(Role.APPROVER)
  Json approve(@PathVariable String id, @RequestBody Json.Obj body) {
    Fields fields = new Fields(body, "");
    Bytes envelope;
    try {
      envelope = fields.base64("envelope", RequestApprovals.MAX_ENVELOPE_BYTES);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    return cycle.approve(of(id).id(), envelope).toJson();
  }

  /** Ends a request: an approver any, whoever asked for it an own one. */
  @PostMapping("/api/v1/requests/{id}/reject")
  @AllowedTo({Role.APPROVER, Role.RELEASE_ENGINEER, Role.PIPELINE})
  Json reject(@PathVariable String id, @RequestBody Json.Obj body) {
    SigningRequest request = of(id);
    Actor actor = Actor.current();
    if (!actor.has(Role.APPROVER) && !actor.label().equals(request.requester())) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "only an approver may end what " + request.requester() + " asked");
    }
    Fields fields = new Fields(body, "");
    try {
      String reason = fields.string("reason");
      if (reason.isBlank() || reason.length() > MAX_REASON) {
        throw fields.malformed("reason", "1 to " + MAX_REASON + " characters are expected");
      }
      return cycle.reject(request.id(), actor.label(), reason).toJson();
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private SigningRequest of(String id) {
    UUID uuid;
    try {
      uuid = UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw SignerException.notFound("request " + id);
    }
    SigningRequest request = ledger.get(uuid);
    Actor.current().requireProduct(request.product());
    return request;
  }
}
