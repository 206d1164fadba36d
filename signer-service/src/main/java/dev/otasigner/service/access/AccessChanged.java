package dev.otasigner.service.access;

import java.util.Map;

/**
 * Published inside the transaction of every login, failed login and change of users, sessions and
 * API keys.
 *
 * @param action such as {@code session.opened}
 * @param subject what it was done to
 */
public record AccessChanged(
    Actor actor, String action, String subject, Map<String, String> details) {
  public AccessChanged {
    details = Map.copyOf(details);
  }
}
