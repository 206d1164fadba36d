package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Uploads; the body goes to disk as it comes and is never in memory whole. */
@RestController
class PayloadController {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final PayloadStore payloads;
  private final PartialUploads partial;
  private final StorageRoom storage;
  private final Uploads uploads;
  private final FleetFacts fleet;

  PayloadController(
      PayloadStore payloads,
      PartialUploads partial,
      StorageRoom storage,
      Uploads uploads,
      FleetFacts fleet) {
    this.payloads = payloads;
    this.uploads = uploads;
    this.fleet = fleet;
    this.partial = partial;
    this.storage = storage;
  }

  /** One file, whose digest nobody has to know before. */
  @PutMapping("/api/v1/payloads")
  @AllowedTo(
      value = {Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  ResponseEntity<Json> upload(@RequestParam @Nullable String product, HttpServletRequest request)
      throws IOException {
    String owner = owner(product);
    return taking(
        request,
        owner,
        Math.max(0, request.getContentLengthLong()),
        body -> ResponseEntity.status(HttpStatus.CREATED).body(json(store(owner, body))));
  }

  private PayloadStore.Stored store(String owner, InputStream body) throws IOException {
    return payloads.store(
        new WithinQuota(arriving(body), owner, uploads.room(owner)),
        payload -> uploads.bind(owner, payload));
  }

  /** Several files in one body. */
  @PostMapping("/api/v1/payloads")
  @AllowedTo(
      value = {Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  ResponseEntity<Json> uploadSeveral(
      @RequestParam @Nullable String product, HttpServletRequest request) throws IOException {
    String owner = owner(product);
    FormParts form = new FormParts(request.getContentType(), payloads.maxBytes());
    return taking(
        request,
        owner,
        Math.max(0, request.getContentLengthLong()),
        body -> {
          List<Json> stored = new ArrayList<>();
          try {
            form.read(
                arriving(body),
                (name, file) -> {
                  PayloadStore.Stored one =
                      payloads.store(
                          new WithinQuota(file, owner, uploads.room(owner)),
                          payload -> uploads.bind(owner, payload));
                  stored.add(
                      Json.object()
                          .put("name", name)
                          .put("sha256", one.sha256())
                          .put("length", one.lengthBytes())
                          .build());
                });
          } catch (SignerException e) {
            throw new SignerException(
                e.type(), e.detail(), Map.of("stored", new Json.Arr(List.copyOf(stored))));
          }
          return ResponseEntity.status(HttpStatus.CREATED).body(new Json.Arr(List.copyOf(stored)));
        });
  }

  /** One piece of a file, or all of it, under the digest that the file has. */
  @PutMapping("/api/v1/payloads/{digest}")
  @AllowedTo(
      value = {Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  ResponseEntity<Json> uploadPiece(
      @PathVariable("digest") String sha256,
      @RequestParam @Nullable String product,
      HttpServletRequest request)
      throws IOException {
    String owner = owner(product);
    Digest digest = digest(sha256);
    ContentRange range =
        ContentRange.of(
            request.getHeader(HttpHeaders.CONTENT_RANGE), request.getContentLengthLong());
    if (uploads.touch(owner, digest)) {
      drain(request.getInputStream());
      return standing(complete(digest, payloads.require(digest)), HttpStatus.CREATED);
    }
    // Another product's payload is no shortcut: whoever has the bytes can send them.
    return taking(
        request,
        owner,
        range.lengthBytes() - range.first(),
        body -> {
          PartialUploads.Part part =
              partial.receive(
                  payload -> uploads.bind(owner, payload),
                  Actor.current().label(),
                  digest,
                  range,
                  new WhileThereIsRoom(body, storage));
          return standing(part, part.isComplete() ? HttpStatus.CREATED : HttpStatus.ACCEPTED);
        });
  }

  /** How much of a file is there; with HEAD the headers alone. */
  @GetMapping("/api/v1/payloads/{digest}")
  @AllowedTo(
      value = {Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  ResponseEntity<Json> standing(
      @PathVariable("digest") String sha256, @RequestParam @Nullable String product)
      throws IOException {
    String owner = owner(product);
    Digest digest = digest(sha256);
    PartialUploads.Part part =
        uploads.touch(owner, digest)
            ? complete(digest, payloads.require(digest))
            : partial
                .find(Actor.current().label(), digest)
                .orElseThrow(() -> SignerException.notFound("payload " + digest));
    return standing(part, HttpStatus.OK);
  }

  /** Drops what has arrived of a file; a complete one stays. */
  @DeleteMapping("/api/v1/payloads/{digest}")
  @AllowedTo(
      value = {Role.RELEASE_ENGINEER, Role.PIPELINE},
      ofAnyProduct = true)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void drop(@PathVariable("digest") String sha256) throws IOException {
    Digest digest = digest(sha256);
    if (!partial.drop(Actor.current().label(), digest)) {
      throw SignerException.notFound("an unfinished upload of " + digest);
    }
  }

  @Scheduled(fixedDelay = 3_600_000)
  void expire() throws IOException {
    partial.expire();
  }

  /** Whose an upload is: the product's that is named, or that the client is bound to. */
  private String owner(@Nullable String product) {
    Actor actor = Actor.current();
    Set<String> bound = actor.rights().products();
    String owner = product == null && bound.size() == 1 ? bound.iterator().next() : product;
    if (owner != null) {
      actor.require(owner, Role.RELEASE_ENGINEER, Role.PIPELINE);
      fleet.policy(owner);
      return owner;
    }
    if (!actor.rights().has(Role.RELEASE_ENGINEER) && !actor.rights().has(Role.PIPELINE)) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "product: one of those you may upload for is expected");
    }
    return Uploads.ALL;
  }

  private static Digest digest(String sha256) {
    try {
      return Digest.parse(sha256);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static PartialUploads.Part complete(Digest sha256, Path file) throws IOException {
    return PartialUploads.Part.complete(sha256, Files.size(file));
  }

  private static Json json(PayloadStore.Stored stored) {
    return Json.object().put("sha256", stored.sha256()).put("length", stored.lengthBytes()).build();
  }

  /** With the headers of the IETF's draft on resumable uploads. */
  private static ResponseEntity<Json> standing(PartialUploads.Part part, HttpStatus status) {
    Json.Builder body =
        Json.object()
            .put("sha256", part.sha256())
            .put("length", part.lengthBytes())
            .put("received", part.received())
            .put("complete", part.isComplete());
    if (part.receiving()) {
      body.put("receiving", true);
    }
    return ResponseEntity.status(status)
        .header("Upload-Offset", Long.toString(part.received()))
        .header("Upload-Length", Long.toString(part.lengthBytes()))
        .header("Upload-Complete", part.isComplete() ? "?1" : "?0")
        .cacheControl(org.springframework.http.CacheControl.noStore())
        .body(body.build());
  }

  /** What is done with a body. */
  private interface Taking {
    ResponseEntity<Json> take(InputStream body) throws IOException;
  }

  private ResponseEntity<Json> taking(
      HttpServletRequest request, String owner, long bytes, Taking taking) throws IOException {
    InputStream body = request.getInputStream();
    try {
      if (uploads.room(owner) < bytes) {
        throw UploadRows.exceeded(owner, bytes, uploads.room(owner));
      }
      storage.require(bytes);
      return taking.take(body);
    } catch (PayloadStore.TooLargeException e) {
      throw new SignerException(ProblemType.TOO_LARGE, "payload: " + e.getMessage());
    } catch (SignerException e) {
      drain(body);
      throw e;
    } catch (IOException e) {
      if (!storage.isWhy(e)) {
        if (e instanceof BrokenOffException) {
          throw new SignerException(ProblemType.BAD_REQUEST, "the upload has " + e.getMessage());
        }
        throw e;
      }
      drain(body);
      throw storage.full("the payload is not stored: ");
    }
  }

  private InputStream arriving(InputStream body) {
    return new WhileThereIsRoom(new Incoming(body), storage);
  }

  /** Who is still sending hears no answer: the rest is read, and dropped. */
  private void drain(InputStream body) {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = payloads.maxBytes();
    try {
      for (int n = body.read(buffer); n >= 0 && left > 0; n = body.read(buffer)) {
        left -= n;
      }
    } catch (IOException gone) {
      // Nobody is sending any more, and nobody will read the answer.
    }
  }
}
