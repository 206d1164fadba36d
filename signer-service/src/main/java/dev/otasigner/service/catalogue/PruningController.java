package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Files of builds that nobody needs: asked for they are shown, sent for they go. */
@RestController
@RequestMapping("/api/v1/products/{product}/builds/{version}/pruning")
class PruningController {
  private final Pruning pruning;

  PruningController(Pruning pruning) {
    this.pruning = pruning;
  }

  @GetMapping
  @AllowedTo
  Json plan(@PathVariable String product, @PathVariable String version) {
    return pruning.plan(product, version(version)).toJson();
  }

  @PostMapping
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json prune(@PathVariable String product, @PathVariable String version) {
    return pruning.prune(product, version(version)).toJson();
  }

  private static ImageVersion version(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }
}
