package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Limit;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Releases of a product. */
@RestController
@RequestMapping("/api/v1/products/{product}/releases")
class ReleaseController {
  private static final UUID FIRST = new UUID(0, 0);

  private final Releases releases;
  private final ReleaseStore store;
  private final ReleaseView view;

  ReleaseController(Releases releases, ReleaseStore store, ReleaseView view) {
    this.releases = releases;
    this.store = store;
    this.view = view;
  }

  @GetMapping
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam @Nullable String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    Optional<Release> first = Optional.ofNullable(from).map(text -> first(product, text));
    return page.of(
        "releases",
        store.oldest(
            product,
            first.map(Release::created).orElse(Instant.EPOCH),
            first.map(Release::id).orElse(FIRST),
            Limit.of(page.toRead())),
        view::line,
        release -> release.id().toString());
  }

  private Release first(String product, String from) {
    try {
      return store
          .findById(UUID.fromString(from))
          .filter(release -> release.product().equals(product))
          .orElseThrow(Page::notFrom);
    } catch (IllegalArgumentException e) {
      throw Page.notFrom();
    }
  }

  @PostMapping
  @AllowedTo(Role.RELEASE_ENGINEER)
  ResponseEntity<Json> publish(@PathVariable String product, @RequestBody Json.Obj body) {
    try {
      ReleaseOrder order = ReleaseOrder.read(product, new Fields(body, ""));
      return ResponseEntity.status(HttpStatus.CREATED).body(view.whole(releases.publish(order)));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @GetMapping("/{channel}/{hardware}/{version}")
  @AllowedTo
  Json show(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version) {
    return view.whole(releases.require(named(product, channel, hardware, version)));
  }

  @PostMapping("/{channel}/{hardware}/{version}/withdraw")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json withdraw(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @RequestBody(required = false) Json.@Nullable Obj body) {
    return view.whole(releases.withdraw(named(product, channel, hardware, version), known(body)));
  }

  @PostMapping("/{channel}/{hardware}/{version}/pause")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json pause(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @RequestBody(required = false) Json.@Nullable Obj body) {
    return view.whole(releases.pause(named(product, channel, hardware, version), known(body)));
  }

  @PostMapping("/{channel}/{hardware}/{version}/stop")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json stop(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @RequestBody(required = false) Json.@Nullable Obj body) {
    return view.whole(releases.stop(named(product, channel, hardware, version), known(body)));
  }

  @PostMapping("/{channel}/{hardware}/{version}/resume")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json resume(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @RequestBody(required = false) Json.@Nullable Obj body) {
    ReleaseName name = named(product, channel, hardware, version);
    try {
      return view.whole(releases.resume(ReleaseOrder.read(name, fields(body))));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  /** Devices that go first, or wait. */
  @PostMapping("/{channel}/{hardware}/{version}/devices/{list}")
  @AllowedTo(Role.RELEASE_ENGINEER)
  Json devices(
      @PathVariable String product,
      @PathVariable String channel,
      @PathVariable String hardware,
      @PathVariable String version,
      @PathVariable String list,
      @RequestBody Json.Obj body) {
    ReleaseName name = named(product, channel, hardware, version);
    ReleaseDevices.Kind kind = ReleaseDevices.Kind.ofCode(list);
    if (kind == null) {
      throw SignerException.notFound("list " + list);
    }
    try {
      return view.whole(releases.name(name, kind, ListChange.read(fields(body)), known(body)));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static Fields fields(Json.@Nullable Obj body) {
    return new Fields(body == null ? Json.object().build() : body, "");
  }

  private static KnownStranded known(Json.@Nullable Obj body) {
    try {
      return KnownStranded.read(fields(body));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static ReleaseName named(
      String product, String channel, String hardware, String version) {
    try {
      return new ReleaseName(product, channel, hardware, ImageVersion.parseLenient(version));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }
}
