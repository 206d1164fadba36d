package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.Limits;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Keys: making, showing, and moving them through their states. */
@RestController
@RequestMapping("/api/v1/keys")
class KeysController {
  private static final int MAX_PKCS8_BYTES = 16 * 1024;
  private static final int MAX_REASON = 1000;
  private static final int MAX_URI = 4096;

  private final Keyring keyring;
  private final KeyMoves moves;

  KeysController(Keyring keyring, KeyMoves moves) {
    this.keyring = keyring;
    this.moves = moves;
  }

  /** What making and importing have in common. */
  private record Wish(TokenName token, KeySpec spec, Optional<String> product) {
    static Wish read(Fields body, TokenName unsaid) throws RejectedException {
      return new Wish(
          body.has("token") ? body.oneOf("token", TokenName::ofCode, "token") : unsaid,
          new KeySpec(
              body.name("name"),
              body.oneOf("suite", SignatureSuite::ofCode, "signature suite"),
              body.oneOf("purpose", KeyPurpose::ofCode, "key purpose"),
              Limits.read(body)),
          body.has("product") ? Optional.of(body.name("product")) : Optional.empty());
    }
  }

  @GetMapping
  @AllowedTo(ofAnyProduct = true)
  Json list() {
    List<Json> keys = new ArrayList<>();
    keyring.list().forEach(key -> keys.add(json(key)));
    return new Json.Arr(keys);
  }

  @PostMapping
  @AllowedTo(Role.KEY_CUSTODIAN)
  @ResponseStatus(HttpStatus.CREATED)
  Json create(@RequestBody Json.Obj body) {
    try {
      Wish wish = Wish.read(new Fields(body, ""), TokenName.SOFTWARE);
      return json(keyring.create(wish.token(), wish.spec(), wish.product()));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  /**
   * Takes in a private key, which is in the body only and wiped once it is sealed, or takes up one
   * that lies in the token already, by its URI.
   */
  @PostMapping("/import")
  @AllowedTo(Role.KEY_CUSTODIAN)
  @ResponseStatus(HttpStatus.CREATED)
  Json importKey(@RequestBody Json.Obj body) {
    try {
      Fields fields = new Fields(body, "");
      if (fields.has("uri") == fields.has("pkcs8")) {
        throw fields.malformed("pkcs8", "either this or 'uri' is expected");
      }
      if (fields.has("uri")) {
        Wish wish = Wish.read(fields, TokenName.HSM);
        String uri = fields.string("uri");
        if (uri.length() > MAX_URI) {
          throw fields.malformed("uri", "at most " + MAX_URI + " characters are expected");
        }
        return json(keyring.adopt(wish.token(), wish.spec(), wish.product(), uri));
      }
      Wish wish = Wish.read(fields, TokenName.SOFTWARE);
      byte[] pkcs8 = fields.base64("pkcs8", MAX_PKCS8_BYTES).toByteArray();
      return json(keyring.importKey(wish.token(), wish.spec(), wish.product(), pkcs8));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @GetMapping("/{key}")
  @AllowedTo(ofAnyProduct = true)
  Json show(@PathVariable String key) {
    KeyEntry entry = require(key);
    List<Json> states = new ArrayList<>();
    for (Transition transition : keyring.history(entry.keyId())) {
      states.add(
          Json.object()
              .put("state", transition.state().code())
              .put("at", transition.at())
              .put("actor", transition.actor())
              .put("reason", transition.reason())
              .build());
    }
    Json.Builder shown = members(entry).put("states", states);
    keyring.allowance(entry).ifPresent(allowance -> shown.put("limits", limits(allowance)));
    return shown.build();
  }

  @GetMapping(path = "/{key}/public", produces = "application/x-pem-file")
  @AllowedTo(ofAnyProduct = true)
  byte[] publicKey(@PathVariable String key) {
    String base64 =
        Base64.getMimeEncoder(64, new byte[] {'\n'})
            .encodeToString(require(key).spki().toByteArray());
    return ("-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Moves a key into the hardware module that the service was set up with: there is no other. */
  @PostMapping("/{key}/move")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json move(@PathVariable String key, @RequestBody Json.Obj body) {
    try {
      Fields fields = new Fields(body, "");
      if (fields.oneOf("token", TokenName::ofCode, "token") != TokenName.HSM) {
        throw fields.malformed("token", "keys move to 'hsm' only");
      }
      return json(moves.toHsm(require(key)));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @PostMapping("/{key}/activate")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json activate(@PathVariable String key, @RequestBody(required = false) Json.@Nullable Obj body) {
    return change(key, KeyState.ACTIVE, body);
  }

  @PostMapping("/{key}/suspend")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json suspend(@PathVariable String key, @RequestBody(required = false) Json.@Nullable Obj body) {
    return change(key, KeyState.SUSPENDED, body);
  }

  @PostMapping("/{key}/deactivate")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json deactivate(
      @PathVariable String key, @RequestBody(required = false) Json.@Nullable Obj body) {
    return change(key, KeyState.DEACTIVATED, body);
  }

  @PostMapping("/{key}/compromise")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json compromise(
      @PathVariable String key, @RequestBody(required = false) Json.@Nullable Obj body) {
    return change(key, KeyState.COMPROMISED, body);
  }

  @PostMapping("/{key}/destroy")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json destroy(@PathVariable String key, @RequestBody(required = false) Json.@Nullable Obj body) {
    return change(key, KeyState.DESTROYED, body);
  }

  /** Narrows when and how often the key signs; nothing here widens it again. */
  @PostMapping("/{key}/limit")
  @AllowedTo(Role.KEY_CUSTODIAN)
  Json limit(@PathVariable String key, @RequestBody Json.Obj body) {
    try {
      Limits limits = Limits.read(new Fields(body, ""));
      if (limits.equals(Limits.NONE)) {
        throw new SignerException(
            ProblemType.BAD_REQUEST, "one of notBefore, notAfter and quota is expected");
      }
      return json(keyring.limit(require(key).keyId(), limits));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static Json limits(Keyring.Allowance allowance) {
    Json.Builder json = Json.object().put("minApprovals", allowance.rule().minApprovals());
    allowance.rule().limits().writeTo(json);
    allowance.remaining().ifPresent(left -> json.put("remaining", left));
    return json.build();
  }

  private Json change(String key, KeyState next, Json.@Nullable Obj body) {
    return json(keyring.change(require(key).keyId(), next, reason(body)));
  }

  private static Optional<String> reason(Json.@Nullable Obj body) {
    try {
      Optional<String> reason =
          body == null ? Optional.empty() : new Fields(body, "").optionalString("reason");
      if (reason.isPresent() && reason.get().length() > MAX_REASON) {
        throw new SignerException(
            ProblemType.BAD_REQUEST, "a reason of at most " + MAX_REASON + " characters");
      }
      return reason;
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private KeyEntry require(String nameOrId) {
    return keyring
        .find(nameOrId)
        .orElseThrow(() -> SignerException.notFound("key '" + nameOrId + "'"));
  }

  private static Json.Obj json(KeyEntry key) {
    return members(key).build();
  }

  private static Json.Builder members(KeyEntry key) {
    Json.Builder members = Json.object();
    if (key.ruleEndOwed()) {
      members.put("ruleEndOwed", true);
    }
    if (key.onceExtractable()) {
      members.put("onceExtractable", true);
    }
    return members
        .put("keyId", key.keyId())
        .put("name", key.name())
        .put("token", key.token().code())
        .put("purpose", key.purpose().code())
        .put("suite", key.suite().code())
        .put("strengthBits", key.suite().strengthBits())
        .put("state", key.state().code())
        .put("product", key.product().orElse(null))
        .put("created", key.created())
        .putBase64("spki", key.spki());
  }
}
