package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Bootloaders of a product. */
@RestController
@RequestMapping("/api/v1/products/{product}/bootloaders")
class BootloaderController {
  private final Bootloaders bootloaders;
  private final Keyring keyring;

  BootloaderController(Bootloaders bootloaders, Keyring keyring) {
    this.bootloaders = bootloaders;
    this.keyring = keyring;
  }

  /**
   * A key compiled in.
   *
   * @param key name or identifier
   * @param hash of the image; what its suite is used with by default when left out
   * @param suite of a key that this service does not have
   * @param spki its public half, in base64; {@code key} is its identifier then
   */
  record AnchorBody(
      String key,
      @Nullable String hash,
      @Nullable Boolean pure,
      @Nullable String suite,
      @Nullable String spki) {}

  record NewBootloader(
      String id,
      String hardware,
      List<AnchorBody> anchors,
      boolean allowList,
      boolean rollbackProtection,
      boolean updatable,
      String keyTlv,
      long slotBytes) {}

  @GetMapping
  @AllowedTo
  Json list(@PathVariable String product) {
    return new Json.Arr(
        List.copyOf(bootloaders.list(product).stream().map(BootloaderController::body).toList()));
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  @ResponseStatus(HttpStatus.CREATED)
  Json register(@PathVariable String product, @RequestBody NewBootloader body) {
    Bootloader.KeyTlv keyTlv = Bootloader.KeyTlv.ofCode(body.keyTlv());
    if (keyTlv == null || body.slotBytes() < 1) {
      throw bad(keyTlv == null ? "keyTlv: keyhash or pubkey is expected" : "slotBytes: too small");
    }
    Bootloaders.Registered registered =
        new Bootloaders.Registered(
            body.hardware(),
            new Bootloader(
                body.id(),
                body.anchors().stream().map(this::anchor).toList(),
                List.of(),
                body.allowList(),
                body.rollbackProtection(),
                body.updatable(),
                keyTlv,
                body.slotBytes()));
    bootloaders.register(product, registered);
    return body(registered);
  }

  private BootAnchor anchor(AnchorBody body) {
    Anchor anchor =
        body.spki() == null && body.suite() == null
            ? keyring
                .find(body.key())
                .map(KeyEntry::anchor)
                .orElseThrow(() -> SignerException.notFound("key " + body.key()))
            : foreign(body);
    try {
      if (body.hash() == null) {
        return BootAnchor.of(anchor);
      }
      BootAnchor.ImageHash hash = BootAnchor.ImageHash.ofCode(body.hash());
      if (hash == null) {
        throw bad("anchors.hash: sha256, sha384 or sha512 is expected");
      }
      return new BootAnchor(anchor, hash, Boolean.TRUE.equals(body.pure()));
    } catch (IllegalArgumentException e) {
      throw bad("anchors: " + e.getMessage());
    }
  }

  /** A key of which only the public half is known here: it signs elsewhere, if at all. */
  private static Anchor foreign(AnchorBody body) {
    Json.Obj anchor =
        Json.object()
            .put("keyId", body.key())
            .put("suite", body.suite())
            .put("spki", body.spki())
            .build();
    try {
      return Anchor.read(new Fields(anchor, "anchors"));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static Json.Obj body(Bootloaders.Registered registered) {
    Map<String, Json> members = new LinkedHashMap<>();
    members.put("hardware", new Json.Str(registered.hardware()));
    members.putAll(registered.bootloader().toJson().members());
    return new Json.Obj(members);
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
