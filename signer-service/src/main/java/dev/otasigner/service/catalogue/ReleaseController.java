package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Releases of a product. */
@RestController
@RequestMapping("/api/v1/products/{product}/releases")
class ReleaseController {
  private final Releases releases;

  ReleaseController(Releases releases) {
    this.releases = releases;
  }

  @GetMapping
  @AllowedTo
  Json list(@PathVariable String product) {
    return new Json.Arr(List.copyOf(releases.of(product).stream().map(Release::toJson).toList()));
  }

  @PostMapping
  @AllowedTo(Role.RELEASE_ENGINEER)
  ResponseEntity<Json> publish(@PathVariable String product, @RequestBody Json.Obj body) {
    try {
      ReleaseOrder order = ReleaseOrder.read(product, new Fields(body, ""));
      return ResponseEntity.status(HttpStatus.CREATED).body(releases.publish(order).toJson());
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @PostMapping("/{channel}/{hardware}/{version}/withdraw")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json withdraw(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version) {
    return releases.withdraw(named(product, channel, hardware, version)).toJson();
  }

  @PostMapping("/{channel}/{hardware}/{version}/pause")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json pause(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version) {
    return releases.pause(named(product, channel, hardware, version)).toJson();
  }

  @PostMapping("/{channel}/{hardware}/{version}/resume")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json resume(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @RequestBody(required = false) Json.@Nullable Obj body) {
    Optional<Integer> share = Optional.empty();
    try {
      if (body != null && body.members().containsKey("sharePerMille")) {
        share = Optional.of((int) new Fields(body, "").integer("sharePerMille", 0, 1000));
      }
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    return releases.resume(named(product, channel, hardware, version), share).toJson();
  }

  private static ReleaseOrder named(
      String product, String channel, String hardware, String version) {
    try {
      return Releases.named(product, channel, hardware, ImageVersion.parseLenient(version));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }
}
