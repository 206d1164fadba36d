package dev.otasigner.service.oidc;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import java.time.Instant;
import java.util.Map;
import org.springframework.context.ApplicationEventPublisher;

/** Writes down that somebody came with a token for the first time. */
record SignInRecord(ApplicationEventPublisher events) {
  void signedIn(Actor actor, String address, Instant expires) {
    events.publishEvent(
        new AccessChanged(
            actor,
            "session.opened",
            actor.label(),
            Map.of(
                "address",
                address,
                "until",
                expires.toString(),
                "roles",
                String.join(",", actor.rights().texts()))));
  }
}
