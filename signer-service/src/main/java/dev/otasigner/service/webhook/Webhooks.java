package dev.otasigner.service.webhook;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.SecondAdministrator;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.AuditRecorded;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Who is told of what. Something to tell is durable together with what it tells of. */
@Component
public class Webhooks {
  /** Each has a thread of its own while it is called. */
  static final int MAX_WEBHOOKS = 16;

  /** Of one receiver. More is not written down: a receiver that is away for so long asks anew. */
  static final int MAX_WAITING = 1000;

  private final WebhookStore store;
  private final WebhookSecrets secrets;
  private final SecondAdministrator administrators;
  private final AuditLog audit;
  private final Clock clock;

  Webhooks(
      WebhookStore store,
      WebhookSecrets secrets,
      SecondAdministrator administrators,
      AuditLog audit,
      Clock clock) {
    this.store = store;
    this.secrets = secrets;
    this.administrators = administrators;
    this.audit = audit;
    this.clock = clock;
  }

  /** A receiver just registered; the only time its secret is seen. */
  record Added(Webhook webhook, String secret) {}

  @Transactional
  public Added add(String name, String url, List<String> events) {
    if (!Fields.isName(name)) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "name: 1 to 32 of a to z, 0 to 9 and hyphens are expected");
    }
    administrators.lock(); // or two at once would both find room
    List<Webhook> all = store.all();
    if (all.stream().anyMatch(hook -> hook.name().equals(name))) {
      throw SignerException.conflict("a webhook named '" + name + "' is there already");
    }
    if (all.size() >= MAX_WEBHOOKS) {
      throw SignerException.conflict("there are " + MAX_WEBHOOKS + " webhooks already");
    }
    Webhook hook =
        new Webhook(
            UUID.randomUUID(),
            name,
            ReceiverAddress.parse(url),
            WebhookEvent.of(events),
            clock.instant().truncatedTo(ChronoUnit.SECONDS),
            Actor.current().label());
    store.insert(hook);
    String secret = secrets.create(hook.id());
    audit.record(
        RecordKind.WEBHOOK_ADDED.code(), "webhook:" + name, Map.of("host", hook.url().getHost()));
    return new Added(hook, secret);
  }

  @Transactional
  public void remove(String name) {
    Webhook hook = get(name);
    if (!store.delete(hook.id())) {
      throw unknown(name);
    }
    secrets.deleteAfterCommit(hook.id());
    audit.record(RecordKind.WEBHOOK_REMOVED.code(), "webhook:" + name, Map.of());
  }

  /** Has something sent that means nothing. */
  @Transactional
  public void test(String name) {
    tell(get(name), WebhookEvent.TEST, "webhook:" + name, Map.of());
    audit.record(RecordKind.WEBHOOK_TESTED.code(), "webhook:" + name, Map.of());
  }

  private Webhook get(String name) {
    return store.all().stream()
        .filter(hook -> hook.name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(name));
  }

  private static SignerException unknown(String name) {
    return SignerException.notFound("webhook " + name);
  }

  /** Where the service connects to, for whoever asks. */
  @Transactional(readOnly = true)
  public List<String> hosts() {
    return store.all().stream()
        .map(hook -> hook.url().getScheme() + "://" + hook.url().getAuthority())
        .toList();
  }

  /** In the transaction of what was recorded. */
  @EventListener
  @Transactional
  public void onRecorded(AuditRecorded recorded) {
    switch (recorded.kind()) {
      case REQUEST_AWAITING_APPROVAL ->
          tell(WebhookEvent.APPROVAL_WAITING, recorded.subject(), recorded.details());
      case REQUEST_FAILED ->
          tell(WebhookEvent.SIGNING_FAILED, recorded.subject(), recorded.details());
      case RELEASE_HALTED ->
          tell(WebhookEvent.RELEASE_HALTED, recorded.subject(), recorded.details());
      case ALARM_RAISED -> tell(WebhookEvent.END_ALARM, recorded.subject(), recorded.details());
      case HANDSHAKE_FAILED ->
          tell(WebhookEvent.HANDSHAKE_FAILED, recorded.subject(), recorded.details());
      default -> {
        // Nobody has to look at it now.
      }
    }
  }

  /** Tells every receiver that wants to know. */
  @Transactional
  public void tell(WebhookEvent event, String subject, Map<String, String> details) {
    store.all().stream()
        .filter(hook -> hook.wants(event))
        .forEach(hook -> tell(hook, event, subject, details));
  }

  private void tell(Webhook hook, WebhookEvent event, String subject, Map<String, String> details) {
    if (store.standing(hook.id()).waiting() >= MAX_WAITING) {
      return;
    }
    Instant now = clock.instant();
    Json.Builder data = Json.object().put("subject", subject);
    details.forEach(data::put);
    byte[] body =
        Json.object()
            .put("type", event.code())
            .put("timestamp", now.truncatedTo(ChronoUnit.SECONDS))
            .put("data", data.build())
            .build()
            .textBytes();
    store.enqueue(
        new WebhookStore.Delivery(
            UUID.randomUUID(),
            hook.id(),
            event.code(),
            new String(body, StandardCharsets.UTF_8),
            0),
        now);
  }
}
