package dev.otasigner.service.signing;

import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.People;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
  private final Uploads uploads;
  private final People people;

  ApprovalController(
      SigningCycle cycle,
      RequestLedger ledger,
      PayloadStore payloads,
      Uploads uploads,
      People people) {
    this.cycle = cycle;
    this.ledger = ledger;
    this.payloads = payloads;
    this.uploads = uploads;
    this.people = people;
  }

  /** The payload, for an approver to look at what will be signed. */
  @GetMapping("/api/v1/requests/{id}/payload")
  @AllowedTo(
      value = {Role.APPROVER, Role.RELEASE_ENGINEER, Role.AUDITOR},
      ofAnyProduct = true)
  ResponseEntity<Resource> payload(@PathVariable String id) throws IOException {
    SigningRequest request = of(id, Role.APPROVER, Role.RELEASE_ENGINEER, Role.AUDITOR);
    Path file =
        payloads
            .find(request.spec().payload())
            // A request may name what another product uploaded; it is refused, and shows nothing.
            .filter(there -> uploads.has(request.product(), request.spec().payload()))
            .orElseThrow(() -> SignerException.notFound("the payload of request " + id));
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .contentLength(Files.size(file))
        .body(new FileSystemResource(file));
  }

  /** A signed yes, or one taken back. With the last one that is needed the request is signed. */
  @PostMapping("/api/v1/requests/{id}/approvals")
  @AllowedTo(value = Role.APPROVER, ofAnyProduct = true)
  Json approve(@PathVariable String id, @RequestBody Json.Obj body) {
    SigningRequest request = of(id, Role.APPROVER);
    Fields fields = new Fields(body, "");
    Bytes envelope;
    try {
      envelope = fields.base64("envelope", RequestApprovals.MAX_ENVELOPE_BYTES);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    requireAnotherPerson(request, envelope);
    return cycle.approve(request.id(), envelope).toJson();
  }

  /**
   * Refuses a yes of whoever made the API key that asked. The worker, which refuses what a
   * requester says to an own request, knows no API keys: this is the service's word alone.
   */
  private void requireAnotherPerson(SigningRequest request, Bytes envelope) {
    String approver;
    try {
      Bytes word = Envelope.read(envelope.toByteArray()).payloadOf(Approval.PAYLOAD_TYPE);
      approver = Approval.read(word.toByteArray()).approver();
    } catch (RejectedException e) {
      return; // no approval, as will be told by whoever judges it
    }
    String person = people.behind(request.requester());
    if (People.isSame(person, approver)) {
      throw new SignerException(
          ProblemType.APPROVAL_MISSING,
          approver + " stands behind " + request.requester() + ", which made the request",
          Map.of("code", new Json.Str(RefusalCode.SELF_APPROVAL.code())));
    }
  }

  /** Ends a request: an approver any, whoever asked for it an own one. */
  @PostMapping("/api/v1/requests/{id}/reject")
  @AllowedTo(
      value = {Role.APPROVER, Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  Json reject(@PathVariable String id, @RequestBody Json.Obj body) {
    SigningRequest request = of(id, Role.APPROVER, Role.RELEASE_ENGINEER, Role.PIPELINE);
    Actor actor = Actor.current();
    if (!actor.has(Role.APPROVER, request.product())
        && !actor.label().equals(request.requester())) {
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

  private SigningRequest of(String id, Role... roles) {
    UUID uuid;
    try {
      uuid = UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw SignerException.notFound("request " + id);
    }
    SigningRequest request = ledger.get(uuid);
    Actor.current().require(request.product(), roles);
    return request;
  }
}
