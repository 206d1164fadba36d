package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Fields;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Users and API keys, and what may change about them. */
@Component
class Accounts {
  private static final int MAX_KEY_DAYS = 366;

  private final Users users;
  private final Sessions sessions;
  private final ApiKeys apiKeys;
  private final Passwords passwords;
  private final ApplicationEventPublisher events;
  private final Clock clock;

  Accounts(
      Users users,
      Sessions sessions,
      ApiKeys apiKeys,
      Passwords passwords,
      ApplicationEventPublisher events,
      Clock clock) {
    this.users = users;
    this.sessions = sessions;
    this.apiKeys = apiKeys;
    this.passwords = passwords;
    this.events = events;
    this.clock = clock;
  }

  /** A user just made; the only time the password is seen. */
  record Created(User user, String oneTimePassword) {
    @Override
    public String toString() {
      return user.name();
    }
  }

  @Transactional(readOnly = true)
  public List<User> users() {
    return users.findAll();
  }

  @Transactional
  public Created createUser(String name, Set<Role> roles) {
    requireName(name);
    if (users.existsById(name)) {
      throw SignerException.conflict("there is a user " + name + " already");
    }
    String password = passwords.oneTime();
    User user = users.save(new User(name, passwords.hash(password), roles, clock.instant()));
    changed("user.created", "user:" + name, Map.of("roles", Role.join(roles)));
    return new Created(user, password);
  }

  /** Ends all sessions of the user whose password changes. */
  @Transactional
  public void changePassword(Actor actor, String name, @Nullable String current, String password) {
    boolean own = actor.kind() == Actor.Kind.USER && actor.name().equals(name);
    if (!own && !actor.has(Role.ADMINISTRATOR)) {
      throw new SignerException(ProblemType.FORBIDDEN, "a password is changed by its owner");
    }
    User user = users.findById(name).orElseThrow(() -> SignerException.notFound("user " + name));
    if (own && (current == null || !passwords.matches(current, user.passwordHash()))) {
      throw new SignerException(ProblemType.FORBIDDEN, "the current password is wrong");
    }
    Passwords.requireAcceptable(name, password);
    if (own && password.equals(current)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "the new password is the current one");
    }
    user.changePassword(passwords.hash(password), !own);
    users.save(user);
    sessions.closeAllOf(name);
    changed("user.password-changed", "user:" + name, Map.of());
  }

  @Transactional
  public void deleteUser(Actor actor, String name) {
    if (actor.kind() == Actor.Kind.USER && actor.name().equals(name)) {
      throw SignerException.conflict("nobody deletes the account in use");
    }
    User user = users.findById(name).orElseThrow(() -> SignerException.notFound("user " + name));
    users.delete(user);
    changed("user.deleted", "user:" + name, Map.of());
  }

  @Transactional(readOnly = true)
  public List<ApiKey> apiKeys() {
    return apiKeys.findAll();
  }

  @Transactional
  public ApiKey createApiKey(
      Actor actor,
      String name,
      Secret secret,
      Set<Role> roles,
      @Nullable String product,
      int days) {
    requireName(name);
    if (days < 1 || days > MAX_KEY_DAYS) {
      throw new SignerException(ProblemType.BAD_REQUEST, "days: 1 to " + MAX_KEY_DAYS);
    }
    if (product != null) {
      requireName(product);
      if (!EnumSet.of(Role.PIPELINE, Role.RELEASE_ENGINEER).containsAll(roles)) {
        throw new SignerException(
            ProblemType.BAD_REQUEST,
            "a key of one product is for a pipeline or a release engineer");
      }
    }
    if (apiKeys.existsByName(name)) {
      throw SignerException.conflict("there is an API key " + name + " already");
    }
    Instant now = clock.instant();
    ApiKey key =
        apiKeys.save(
            new ApiKey(
                name,
                secret,
                roles,
                product,
                actor.label(),
                new ApiKey.Validity(now, now.plus(Duration.ofDays(days)))));
    changed("api-key.created", "api-key:" + name, Map.of("roles", Role.join(roles)));
    return key;
  }

  @Transactional
  public void deleteApiKey(UUID id) {
    ApiKey key = apiKeys.findById(id).orElseThrow(() -> SignerException.notFound("API key " + id));
    apiKeys.delete(key);
    changed("api-key.deleted", "api-key:" + key.name(), Map.of());
  }

  /** Reads role names from a request; at least one. */
  static Set<Role> roles(List<String> codes) {
    if (codes.isEmpty()) {
      throw new SignerException(ProblemType.BAD_REQUEST, "roles: at least one is expected");
    }
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String code : codes) {
      try {
        roles.add(Role.ofCode(code));
      } catch (IllegalArgumentException e) {
        throw new SignerException(
            ProblemType.BAD_REQUEST,
            "roles: one of " + Role.join(EnumSet.allOf(Role.class)) + " is expected");
      }
    }
    return roles;
  }

  private static void requireName(String name) {
    if (!Fields.isName(name)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "a name of [a-z0-9-]{1,32} is expected");
    }
  }

  private void changed(String action, String subject, Map<String, String> details) {
    events.publishEvent(new AccessChanged(Actor.current(), action, subject, details));
  }
}
