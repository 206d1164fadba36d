package dev.otasigner.service.oidc;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import org.springframework.context.ApplicationEventPublisher;

/** Writes down that somebody came with a token for the first time, or with one that is no good. */
record SignInRecord(ApplicationEventPublisher events) {
  private static final Pattern NOT_PLAIN = Pattern.compile("[^!-~]");
  private static final int MAX_SUBJECT = 200;

  /** A token that nobody is known to have signed: what it says is anybody's, and not kept. */
  void refused(String address) {
    refused(address, "token", Map.of("reason", "not signed by an issuer that is known here"));
  }

  /**
   * A token that an issuer did sign.
   *
   * @param issuer its name here
   * @param subject as the issuer says
   */
  void refused(String address, String issuer, String subject, String reason) {
    String plain = NOT_PLAIN.matcher(subject).replaceAll("?");
    String name = plain.length() > MAX_SUBJECT ? plain.substring(0, MAX_SUBJECT) + "..." : plain;
    refused(
        address,
        "oidc:" + issuer + ":" + name,
        Map.of("issuer", issuer, "subject", name, "reason", reason));
  }

  private void refused(String address, String subject, Map<String, String> details) {
    events.publishEvent(
        new AccessChanged(Actor.nobody(address), "issued-token.refused", subject, details));
  }

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
