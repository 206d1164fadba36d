package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Fields;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionOperations;

/** Users and API keys, and what their owners may change about them. */
@Component
class Accounts {
  static final int MAX_KEY_DAYS = 366;

  private final Users users;
  private final Sessions sessions;
  private final ApiKeys apiKeys;
  private final Passwords passwords;
  private final Attempts attempts;
  private final ApplicationEventPublisher events;
  private final Clock clock;
  private final TransactionOperations transactions;

  Accounts(
      Users users,
      Sessions sessions,
      ApiKeys apiKeys,
      Passwords passwords,
      Attempts attempts,
      ApplicationEventPublisher events,
      Clock clock,
      TransactionOperations transactions) {
    this.users = users;
    this.sessions = sessions;
    this.apiKeys = apiKeys;
    this.passwords = passwords;
    this.attempts = attempts;
    this.events = events;
    this.clock = clock;
    this.transactions = transactions;
  }

  @Transactional(readOnly = true)
  public List<User> users() {
    return users.findAll();
  }

  /** The user of this name. */
  User user(String name) {
    return users.findById(name).orElseThrow(() -> SignerException.notFound("user " + name));
  }

  private User hold(String name) {
    return users.hold(name).orElseThrow(() -> SignerException.notFound("user " + name));
  }

  /** Refuses what is no name, or somebody's already. */
  void requireFree(String name) {
    requireName(name);
    if (users.existsById(name)) {
      throw SignerException.conflict("there is a user " + name + " already");
    }
  }

  /** The user that a service without any begins with; answers with the one-time password. */
  @Transactional
  public String createFirst(String name, Rights rights) {
    String password = insert(name, rights);
    changed("user.created", "user:" + name, Map.of("roles", rights.join()));
    return password;
  }

  /** Answers with the one-time password. */
  String insert(String name, Rights rights) {
    requireFree(name);
    String password = passwords.oneTime();
    users.save(new User(name, passwords.hash(password), rights, clock.instant()));
    return password;
  }

  /**
   * One's own, with the current one, which is guessed no faster than at signing in. Ends all
   * sessions of the user. Hashes before it writes.
   */
  public void changeOwnPassword(
      String name, @Nullable String current, String password, String address) {
    attempts.requireAllowed(name, address);
    User user = user(name);
    if (current == null || !passwords.matches(current, user.passwordHash())) {
      attempts.failed(name, address);
      changed("session.denied", "user:" + name, Map.of("address", address));
      throw new SignerException(ProblemType.FORBIDDEN, "the current password is wrong");
    }
    attempts.succeeded(name, address);
    Passwords.requireAcceptable(name, password);
    if (password.equals(current)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "the new password is the current one");
    }
    String fresh = passwords.hash(password);
    transactions.executeWithoutResult(
        status -> {
          User now = hold(name);
          if (!now.passwordHash().equals(user.passwordHash())) {
            throw SignerException.conflict("the password was just changed");
          }
          set(now, fresh, false);
          changed("user.password-changed", "user:" + name, Map.of());
        });
  }

  /** Sets a one-time password: this one, or a new one, which is the answer. */
  Optional<String> reset(String name, Optional<String> wanted) {
    user(name);
    String password = wanted.orElseGet(passwords::oneTime);
    Passwords.requireAcceptable(name, password);
    String fresh = passwords.hash(password);
    set(hold(name), fresh, true);
    return wanted.isPresent() ? Optional.empty() : Optional.of(password);
  }

  private void set(User user, String passwordHash, boolean byOther) {
    user.changePassword(passwordHash, byOther);
    users.save(user);
    sessions.closeAllOf(user.name());
  }

  /** With the sessions and the API keys. */
  void remove(String name) {
    User user = hold(name);
    apiKeys.findByCreatedBy(user.label()).stream()
        .filter(key -> !key.isRevoked())
        .forEach(this::revoke);
    users.delete(user);
  }

  /** What an actor may do at this moment, whatever it could when its request came in. */
  Rights rightsNow(Actor actor) {
    return switch (actor.kind()) {
      case USER -> users.findById(actor.name()).map(u -> u.actor().rights()).orElse(Rights.NONE);
      case API_KEY ->
          apiKeys
              .findByName(actor.name())
              .flatMap(key -> actor(key, clock.instant()))
              .map(Actor::rights)
              .orElse(Rights.NONE);
      case OIDC -> actor.rights();
      case DEVICE, SYSTEM, NOBODY -> Rights.NONE;
    };
  }

  /**
   * Whom a key stands for: nobody once it is over, or its maker is gone. It rests while the maker's
   * password is one that somebody else has seen.
   */
  Optional<Actor> actor(ApiKey key, Instant now) {
    String prefix = Actor.Kind.USER.code() + ":";
    return key.isGood(now) && key.createdBy().startsWith(prefix)
        ? users
            .findById(key.createdBy().substring(prefix.length()))
            .map(maker -> key.actor(maker.actor().rights()))
        : Optional.empty();
  }

  /** Why a key that is good may do nothing just now, and what its maker can do about it. */
  @Transactional(readOnly = true)
  public String whyItRests(Actor key) {
    String prefix = Actor.Kind.USER.code() + ":";
    Optional<User> maker =
        apiKeys
            .findByName(key.name())
            .flatMap(found -> users.findById(found.createdBy().substring(prefix.length())));
    String whose = maker.map(user -> "of " + user.name()).orElse("of its maker");
    return "API key "
        + key.name()
        + (maker.filter(User::isOneTime).isPresent()
            ? " rests: the password "
                + whose
                + ", who made it, was handed out; it works again once they have changed it"
            : " rests: the roles it was made with were taken from its maker; it works again when an "
                + "administrator gives them back, or a key of somebody who has them takes its place");
  }

  /** Those that were not withdrawn. */
  @Transactional(readOnly = true)
  public List<ApiKey> apiKeys() {
    return apiKeys.findAll().stream().filter(key -> !key.isRevoked()).toList();
  }

  /**
   * Makes a key of the actor's own, which does no more than the actor may.
   *
   * @param rights everywhere, when a product binds all of them
   */
  @Transactional
  public ApiKey createApiKey(
      Actor actor, String name, Secret secret, Rights rights, @Nullable String product, int days) {
    requireName(name);
    if (days < 1 || days > MAX_KEY_DAYS) {
      throw new SignerException(ProblemType.BAD_REQUEST, "days: 1 to " + MAX_KEY_DAYS);
    }
    if (product != null) {
      requireName(product);
      if (rights.grants().stream().anyMatch(grant -> grant.product().isPresent())) {
        throw new SignerException(
            ProblemType.BAD_REQUEST, "product, or ROLE@PRODUCT, but not both");
      }
    }
    if (actor.kind() != Actor.Kind.USER) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "an API key is made by a user, who answers for it");
    }
    Rights all = product == null ? rights : rights.forProduct(product);
    Rights own = rightsNow(actor);
    if (!all.within(own).equals(all)) {
      throw new SignerException(
          ProblemType.FORBIDDEN,
          "an API key may do no more than its maker: "
              + all.minus(all.within(own)).join()
              + " is not yours to give");
    }
    if (apiKeys.findByName(name).isPresent()) {
      throw SignerException.conflict("there is an API key " + name + " already, or there was one");
    }
    Instant now = clock.instant();
    ApiKey key =
        apiKeys.save(
            new ApiKey(
                name,
                secret,
                rights,
                product,
                actor.label(),
                new ApiKey.Validity(now, now.plus(Duration.ofDays(days)))));
    changed("api-key.created", "api-key:" + name, Map.of("roles", all.join()));
    return key;
  }

  /** One's own, or as an administrator anybody's. */
  @Transactional
  public void deleteApiKey(Actor actor, UUID id) {
    ApiKey key =
        apiKeys
            .findById(id)
            .filter(k -> !k.isRevoked())
            .filter(k -> isVisible(k, actor))
            .orElseThrow(() -> SignerException.notFound("API key " + id));
    if (!actor.has(Role.ADMINISTRATOR) && !key.createdBy().equals(actor.label())) {
      throw new SignerException(ProblemType.FORBIDDEN, "an API key is withdrawn by its maker");
    }
    revoke(key);
  }

  /** Whether the actor may know of it: administrators and auditors of all, others of their own. */
  static boolean isVisible(ApiKey key, Actor actor) {
    return actor.has(Role.ADMINISTRATOR)
        || actor.has(Role.AUDITOR)
        || key.createdBy().equals(actor.label());
  }

  private void revoke(ApiKey key) {
    key.revoke(clock.instant());
    apiKeys.save(key);
    changed("api-key.deleted", "api-key:" + key.name(), Map.of());
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
