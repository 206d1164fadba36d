package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Profiles of a product. */
@RestController
@RequestMapping("/api/v1/products/{product}/profiles")
class ProfileController {
  private final Profiles profiles;
  private final Products products;
  private final ProfileSpec spec;

  ProfileController(Profiles profiles, Products products, ProfileSpec spec) {
    this.profiles = profiles;
    this.products = products;
    this.spec = spec;
  }

  record ProfileBody(Digest digest) {}

  @GetMapping
  @AllowedTo
  List<ProfileBody> list(@PathVariable String product) {
    products.require(product);
    return profiles.list(product).stream().map(ProfileBody::new).toList();
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  @ResponseStatus(HttpStatus.CREATED)
  ProfileBody register(@PathVariable String product, @RequestBody Json.Obj body) {
    products.require(product);
    return new ProfileBody(profiles.register(product, spec.resolve(product, body)).digest());
  }

  /** Byte for byte. */
  @GetMapping("/{digest}")
  @AllowedTo
  ResponseEntity<byte[]> bytes(@PathVariable String product, @PathVariable String digest) {
    Digest wanted;
    try {
      wanted = Digest.parse(digest);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(
            profiles
                .find(product, wanted)
                .orElseThrow(() -> SignerException.notFound("profile " + digest))
                .bytes()
                .toByteArray());
  }
}
