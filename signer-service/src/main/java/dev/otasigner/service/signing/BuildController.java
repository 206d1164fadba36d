package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Builds: what they are, their files, and the registration of finished ones. */
@RestController
@RequestMapping("/api/v1/products/{product}/builds")
class BuildController {
  private final Builds builds;
  private final BuildRegistration registration;
  private final SigningCycle cycle;
  private final RequestLedger ledger;
  private final PushKeys keys;
  private final PayloadStore payloads;
  private final PrunedBuilds pruned;

  BuildController(
      Builds builds,
      BuildRegistration registration,
      SigningCycle cycle,
      RequestLedger ledger,
      PushKeys keys,
      PayloadStore payloads,
      PrunedBuilds pruned) {
    this.builds = builds;
    this.ledger = ledger;
    this.keys = keys;
    this.payloads = payloads;
    this.pruned = pruned;
    this.registration = registration;
    this.cycle = cycle;
  }

  @GetMapping
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam @Nullable String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    Optional<ImageVersion> first = Optional.ofNullable(from).map(BuildController::version);
    return page.of(
        "builds",
        builds.newest(product, first, page.toRead()),
        this::json,
        build -> build.version().toString());
  }

  @GetMapping("/{version}")
  @AllowedTo
  Json get(@PathVariable String product, @PathVariable String version) {
    return json(require(product, version));
  }

  @GetMapping("/{version}/manifest")
  @AllowedTo
  ResponseEntity<Resource> manifest(@PathVariable String product, @PathVariable String version)
      throws IOException {
    return file(require(product, version).manifest());
  }

  @GetMapping("/{version}/variants/{name}")
  @AllowedTo
  ResponseEntity<Resource> variant(
      @PathVariable String product, @PathVariable String version, @PathVariable String name)
      throws IOException {
    Build build = require(product, version);
    for (Manifest.Variant variant : builds.manifest(build).variants()) {
      if (variant.name().equals(name)) {
        requireWhole(build);
        return file(variant.sha256());
      }
    }
    throw SignerException.notFound("variant " + name + " of build " + build.version());
  }

  @GetMapping("/{version}/profile")
  @AllowedTo
  ResponseEntity<Resource> profile(@PathVariable String product, @PathVariable String version)
      throws IOException {
    BuildFiles files = builds.files(require(product, version));
    return file(
        new ByteArrayResource(files.profile().bytes().toByteArray()), files.profile().digest());
  }

  @GetMapping("/{version}/bootloader")
  @AllowedTo
  ResponseEntity<Resource> bootloader(@PathVariable String product, @PathVariable String version)
      throws IOException {
    Build build = require(product, version);
    if (build.component().isEmpty()) {
      throw SignerException.notFound("a bootloader component in build " + build.version());
    }
    requireWhole(build);
    return file(build.component().get());
  }

  /** Registers a finished build, judged like any other. */
  @PostMapping
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  ResponseEntity<Json> push(@PathVariable String product, @RequestBody Json.Obj body)
      throws IOException {
    PushBody push;
    try {
      push = PushBody.read(new Fields(body, ""));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    String author = Actor.current().label();
    String key = push.idempotencyKey().orElse(null);
    boolean repeated = key != null && keys.claim(product, author, key, push.digest());
    if (push.manifest().isPresent()) {
      byte[] envelope = push.manifest().get().toByteArray();
      Build build =
          key == null
              ? registration.register(product, author, push.image(), envelope)
              : registration.registerOnce(product, author, push.image(), envelope, repeated);
      return ResponseEntity.status(HttpStatus.CREATED).body(json(build));
    }
    // What is left out was filled in when the key came first; by now the newest build is another.
    Optional<SigningRequest> earlier =
        repeated ? ledger.findByIdempotencyKey(product, author, key) : Optional.empty();
    if (earlier.isPresent() && !earlier.get().registers(push.image())) {
      throw SignerException.conflict(
          "idempotency key " + key + " came with another request before");
    }
    SigningRequest request =
        earlier.isPresent()
            ? cycle.advance(earlier.get().id())
            : cycle.take(
                product, author, key, registration.requestFor(product, push.image(), push));
    if (request.state() == RequestState.READY) {
      Build build = require(product, request.spec().version().toString());
      return ResponseEntity.status(HttpStatus.CREATED).body(json(build));
    }
    if (!request.state().isFinal()) {
      return ResponseEntity.status(HttpStatus.ACCEPTED).body(request.toJson());
    }
    throw request.refusedProblem();
  }

  private void requireWhole(Build build) {
    if (pruned.at(build.product(), build.version()).isPresent()) {
      throw SignerException.notFound(
          "an image of build " + build.version() + ", which was pruned,");
    }
  }

  private Build require(String product, String version) {
    ImageVersion wanted = version(version);
    return builds
        .find(product, wanted)
        .orElseThrow(() -> SignerException.notFound("build " + wanted + " of " + product));
  }

  private static ImageVersion version(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private Json json(Build build) {
    Manifest manifest = builds.manifest(build);
    Json.Obj stated = manifest.toJson();
    Json.Builder json = Json.object();
    stated.members().forEach(json::put);
    return json.put("manifest", build.manifest())
        .put("request", build.request().map(Object::toString).orElse(null))
        .put("author", build.author())
        .put("created", build.created())
        .put("pruned", pruned.at(build.product(), build.version()).orElse(null))
        .build();
  }

  private ResponseEntity<Resource> file(Digest digest) {
    Path file =
        payloads
            .find(digest)
            .orElseThrow(() -> new IllegalStateException("file " + digest + " is gone"));
    return file(new FileSystemResource(file), digest);
  }

  private static ResponseEntity<Resource> file(Resource content, Digest digest) {
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .eTag('"' + digest.hex() + '"')
        .body(content);
  }
}
