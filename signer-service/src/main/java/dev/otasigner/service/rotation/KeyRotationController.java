package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyState;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Rotations of image and manifest keys: planned, started, shown, advanced, aborted. */
@RestController
@RequestMapping("/api/v1/products/{product}")
class KeyRotationController {
  private static final int MAX_KEY = 200;
  private static final int MAX_REASON = 500;
  private static final int MAX_RELEASES = 1024;

  private final KeyRotations rotations;

  KeyRotationController(KeyRotations rotations) {
    this.rotations = rotations;
  }

  /** What a rotation would come to, as of now; nothing is kept of it. */
  @PostMapping("/rotation/plan")
  @AllowedTo
  Json plan(@PathVariable String product, @RequestBody Json.Obj body) {
    Succession keys = keys(product, body);
    return placed(
        product,
        keys,
        Json.object()
            .put("product", product)
            .put("oldKey", json(keys.before()))
            .put("newKey", json(keys.after()))
            .put("state", "planned"));
  }

  @GetMapping("/rotations")
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam(defaultValue = "") String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    return page.of(
        "rotations",
        rotations.newest(product, from.isEmpty() ? Long.MAX_VALUE : cursor(from), page.toRead()),
        rotation -> head(rotation, rotations.keys(rotation)).build(),
        rotation -> Long.toString(rotation.id()));
  }

  @PostMapping("/rotations")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.KEY_CUSTODIAN})
  @ResponseStatus(HttpStatus.CREATED)
  Json start(@PathVariable String product, @RequestBody Json.Obj body) {
    return whole(rotations.start(product, keys(product, body)));
  }

  @GetMapping("/rotations/{rotation}")
  @AllowedTo
  Json show(@PathVariable String product, @PathVariable("rotation") long id) {
    return whole(rotations.require(product, id));
  }

  /** Does exactly the step that is named, which has to be the next one. */
  @PostMapping("/rotations/{rotation}/advance")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.KEY_CUSTODIAN})
  Json advance(
      @PathVariable String product, @PathVariable("rotation") long id, @RequestBody Json.Obj body) {
    KeyRotation rotation = rotations.require(product, id);
    try {
      Fields fields = new Fields(body, "");
      RotationStep step = fields.oneOf("step", RotationStep::ofCode, "step of a rotation");
      rotations.advance(rotation, step, releases(product, fields));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    return whole(rotation);
  }

  @PostMapping("/rotations/{rotation}/abort")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.KEY_CUSTODIAN})
  Json abort(
      @PathVariable String product, @PathVariable("rotation") long id, @RequestBody Json.Obj body) {
    KeyRotation rotation = rotations.require(product, id);
    try {
      Fields fields = new Fields(body, "");
      String reason = fields.string("reason").strip();
      if (reason.isEmpty() || reason.length() > MAX_REASON) {
        throw fields.malformed("reason", "1 to " + MAX_REASON + " characters are expected");
      }
      return whole(rotations.abort(rotation, reason));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private Succession keys(String product, Json.Obj body) {
    try {
      Fields fields = new Fields(body, "");
      return rotations.succession(product, key(fields, "oldKey"), key(fields, "newKey"));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static String key(Fields fields, String name) throws RejectedException {
    String key = fields.string(name);
    if (key.isEmpty() || key.length() > MAX_KEY) {
      throw fields.malformed(name, "the name or the identifier of a key is expected");
    }
    return key;
  }

  private static Optional<Set<ReleaseName>> releases(String product, Fields fields)
      throws RejectedException {
    if (!fields.has("releases")) {
      return Optional.empty();
    }
    Set<ReleaseName> names = new HashSet<>();
    for (Fields release : fields.objects("releases", MAX_RELEASES)) {
      names.add(
          new ReleaseName(
              product,
              release.name("channel"),
              release.name("hardware"),
              ImageVersion.parseLenient(release.string("version"))));
    }
    return Optional.of(names);
  }

  private static long cursor(String from) {
    try {
      return Long.parseLong(from);
    } catch (NumberFormatException e) {
      throw Page.notFrom();
    }
  }

  private Json whole(KeyRotation rotation) {
    Succession keys = rotations.keys(rotation);
    return placed(rotation.product(), keys, head(rotation, keys));
  }

  private Json placed(String product, Succession keys, Json.Builder json) {
    long before = rotations.policyRuns();
    Place place = rotations.place(product, keys);
    place.members(rotations.policyRuns() - before).forEach(json::put);
    return json.build();
  }

  /** What is known of it without asking where it stands. */
  private static Json.Builder head(KeyRotation rotation, Succession keys) {
    Json.Builder json =
        Json.object()
            .put("id", rotation.id())
            .put("product", rotation.product())
            .put("oldKey", json(keys.before()))
            .put("newKey", json(keys.after()))
            .put("state", state(rotation, keys))
            .put("startedBy", rotation.startedBy())
            .put("started", rotation.started());
    rotation
        .aborted()
        .ifPresent(
            aborted ->
                json.put("abortedBy", aborted.by())
                    .put("aborted", aborted.at())
                    .put("reason", aborted.reason()));
    return json;
  }

  /** Once the old key is erased nothing is left to be done about it. */
  private static String state(KeyRotation rotation, Succession keys) {
    return rotation.aborted().isPresent()
        ? "aborted"
        : keys.before().state() == KeyState.DESTROYED ? "done" : "open";
  }

  private static Json json(KeyEntry key) {
    return Json.object()
        .put("name", key.name())
        .put("keyId", key.keyId())
        .put("purpose", key.purpose().code())
        .put("suite", key.suite().code())
        .put("state", key.state().code())
        .build();
  }
}
