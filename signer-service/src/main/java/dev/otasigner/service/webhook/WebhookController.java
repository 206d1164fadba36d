package dev.otasigner.service.webhook;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Receivers, and whether what they were told arrives. */
@RestController
@RequestMapping("/api/v1/webhooks")
class WebhookController {
  private final Webhooks webhooks;
  private final WebhookStore store;

  WebhookController(Webhooks webhooks, WebhookStore store) {
    this.webhooks = webhooks;
    this.store = store;
  }

  record NewWebhook(String name, String url, @Nullable List<String> events) {}

  record AddedWebhook(String name, String secret) {}

  record WebhookBody(
      String name,
      String url,
      List<String> events,
      Instant created,
      String createdBy,
      int waiting,
      @Nullable String lastFailure) {}

  @GetMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.AUDITOR})
  List<WebhookBody> list() {
    return store.all().stream().map(this::body).toList();
  }

  private WebhookBody body(Webhook hook) {
    WebhookStore.Standing standing = store.standing(hook.id());
    return new WebhookBody(
        hook.name(),
        hook.url().toString(),
        hook.events().stream().map(WebhookEvent::code).sorted().toList(),
        hook.created(),
        hook.createdBy(),
        standing.waiting(),
        standing.lastFailure().orElse(null));
  }

  @PostMapping
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  AddedWebhook add(@RequestBody NewWebhook body) {
    Webhooks.Added added =
        webhooks.add(body.name(), body.url(), body.events() == null ? List.of() : body.events());
    return new AddedWebhook(added.webhook().name(), added.secret());
  }

  @DeleteMapping("/{name}")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void remove(@PathVariable String name) {
    webhooks.remove(name);
  }

  /** Has something sent that means nothing. */
  @PostMapping("/{name}/test")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.ACCEPTED)
  void test(@PathVariable String name) {
    webhooks.test(name);
  }
}
