package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionOperations;

/** Turns a password into a session, and a token into the actor it stands for. */
@Component
class SignIn {
  static final Duration SESSION = Duration.ofHours(8);

  private final Users users;
  private final Sessions sessions;
  private final ApiKeys apiKeys;
  private final Accounts accounts;
  private final Passwords passwords;
  private final Attempts attempts;
  private final ApplicationEventPublisher events;
  private final UnknownNames unknown;
  private final Clock clock;
  private final TransactionOperations transactions;

  SignIn(
      Users users,
      Sessions sessions,
      ApiKeys apiKeys,
      Accounts accounts,
      Passwords passwords,
      Attempts attempts,
      ApplicationEventPublisher events,
      UnknownNames unknown,
      Clock clock,
      TransactionOperations transactions) {
    this.users = users;
    this.sessions = sessions;
    this.apiKeys = apiKeys;
    this.accounts = accounts;
    this.passwords = passwords;
    this.attempts = attempts;
    this.events = events;
    this.unknown = unknown;
    this.clock = clock;
    this.transactions = transactions;
  }

  /** A session just opened; the only time its token is seen. */
  record Opened(Secret token, User user, Instant expires) {}

  /**
   * Refuses after the same time whether the user or the password is wrong. Nothing of the database
   * is held while passwords wait for their turn.
   */
  public Opened open(String name, String password, String address) {
    attempts.requireAllowed(name, address);
    Optional<User> user = users.findById(name);
    boolean right = false;
    if (user.isPresent()) {
      right = passwords.matches(password, user.get().passwordHash());
    } else {
      passwords.matchNobody(password);
    }
    if (user.isEmpty() || !right) {
      attempts.failed(name, address);
      String subject = user.isPresent() ? "user:" + name : unknown.subject(name);
      events.publishEvent(
          new AccessChanged(Actor.nobody(address), "session.denied", subject, Map.of()));
      throw new SignerException(ProblemType.WRONG_CREDENTIALS, "user or password is wrong");
    }
    attempts.succeeded(name, address);
    String checked = user.get().passwordHash();
    return transactions.execute(status -> opened(name, checked, address));
  }

  private Opened opened(String name, String checked, String address) {
    User user =
        users
            .hold(name)
            .filter(u -> u.passwordHash().equals(checked))
            .orElseThrow(() -> SignerException.conflict("the password was just changed"));
    Instant now = clock.instant();
    Secret token = Secret.generate("ots_");
    sessions.deleteExpired(now);
    Session session = new Session(token.sha256().hex(), name, now, now.plus(SESSION));
    sessions.save(session);
    events.publishEvent(
        new AccessChanged(
            user.actor(), "session.opened", "user:" + name, Map.of("address", address)));
    return new Opened(token, user, session.expires());
  }

  @Transactional
  public void close(Secret token) {
    sessions
        .findById(token.sha256().hex())
        .ifPresent(
            session -> {
              sessions.delete(session);
              events.publishEvent(
                  new AccessChanged(
                      Actor.current(), "session.closed", "user:" + session.userName(), Map.of()));
            });
  }

  /** The actor whom a bearer token stands for now, or empty. */
  @Transactional(readOnly = true)
  public Optional<Actor> actor(Secret token) {
    Instant now = clock.instant();
    String sha256 = token.sha256().hex();
    if (token.text().startsWith("otk_")) {
      return apiKeys.findBySecretSha256(sha256).flatMap(key -> accounts.actor(key, now));
    }
    return sessions
        .findById(sha256)
        .filter(session -> session.expires().isAfter(now))
        .flatMap(session -> users.findById(session.userName()))
        .map(User::actor);
  }
}
