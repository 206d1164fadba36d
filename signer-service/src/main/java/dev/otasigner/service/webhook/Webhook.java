package dev.otasigner.service.webhook;

import java.net.URI;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;

/**
 * A receiver.
 *
 * @param events what it is told
 */
record Webhook(
    UUID id, String name, URI url, Set<WebhookEvent> events, Instant created, String createdBy) {
  Webhook {
    events = Set.copyOf(events);
  }

  boolean wants(WebhookEvent event) {
    return event == WebhookEvent.TEST || events.contains(event);
  }
}
