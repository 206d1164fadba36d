package dev.otasigner.service.access;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Programs' credentials; each does what the user who made it may do, or less. */
@RestController
@RequestMapping("/api/v1/api-keys")
class ApiKeyController {
  private final Accounts accounts;

  ApiKeyController(Accounts accounts) {
    this.accounts = accounts;
  }

  record NewApiKey(String name, List<String> roles, @Nullable String product, int days) {}

  record CreatedApiKey(UUID id, String secret, Instant expires) {}

  record ApiKeyBody(
      UUID id,
      String name,
      List<String> roles,
      @Nullable String product,
      String createdBy,
      Instant created,
      Instant expires) {}

  /** One's own; administrators and auditors see all. */
  @GetMapping
  @AllowedTo(ofAnyProduct = true)
  List<ApiKeyBody> list(@AuthenticationPrincipal Actor actor) {
    return accounts.apiKeys().stream()
        .filter(key -> Accounts.isVisible(key, actor))
        .map(
            k ->
                new ApiKeyBody(
                    k.id(),
                    k.name(),
                    k.roles(),
                    k.product().orElse(null),
                    k.createdBy(),
                    k.created(),
                    k.expires()))
        .toList();
  }

  @PostMapping
  @AllowedTo(ofAnyProduct = true)
  @ResponseStatus(HttpStatus.CREATED)
  CreatedApiKey create(@RequestBody NewApiKey body, @AuthenticationPrincipal Actor actor) {
    Secret secret = Secret.generate("otk_");
    ApiKey key =
        accounts.createApiKey(
            actor, body.name(), secret, Rights.of(body.roles()), body.product(), body.days());
    return new CreatedApiKey(key.id(), secret.text(), key.expires());
  }

  @DeleteMapping("/{id}")
  @AllowedTo(ofAnyProduct = true)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void delete(@PathVariable UUID id, @AuthenticationPrincipal Actor actor) {
    accounts.deleteApiKey(actor, id);
  }
}
