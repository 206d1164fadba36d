package dev.otasigner.service.signing;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.HexFormat;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Signatures of bare digests. */
@RestController
class BareDigestController {
  private static final int MAX_HEX = 128;

  private final BareDigests digests;

  BareDigestController(BareDigests digests) {
    this.digests = digests;
  }

  @PostMapping("/api/v1/products/{product}/digests")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  @ResponseStatus(HttpStatus.CREATED)
  Json sign(@PathVariable String product, @RequestBody Json.Obj body) {
    Fields fields = new Fields(body, "");
    try {
      String key = fields.string("key");
      byte[] digest = digest(fields);
      String idempotencyKey = RequestController.idempotencyKey(fields);
      return digests.sign(product, Actor.current().label(), idempotencyKey, key, digest).toJson();
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static byte[] digest(Fields fields) throws RejectedException {
    String hex = fields.string("digest");
    if (hex.isEmpty() || hex.length() > MAX_HEX || !hex.matches("([0-9a-f]{2})+")) {
      throw fields.malformed("digest", "a digest in lower-case hex is expected");
    }
    return HexFormat.of().parseHex(hex);
  }
}
