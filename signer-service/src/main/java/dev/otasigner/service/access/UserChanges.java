package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * What administrators do to users, one at a time: nobody raises their own rights, and the last
 * administrator stays. Where there is another administrator, what gives somebody rights or a
 * password, and what takes an administrator away, waits for a second one to confirm it.
 */
@Component
class UserChanges {
  private final Accounts accounts;
  private final Users users;
  private final Proposals proposals;
  private final SecondAdministrator second;
  private final ApplicationEventPublisher events;
  private final Clock clock;

  UserChanges(
      Accounts accounts,
      Users users,
      Proposals proposals,
      SecondAdministrator second,
      ApplicationEventPublisher events,
      Clock clock) {
    this.accounts = accounts;
    this.users = users;
    this.proposals = proposals;
    this.second = second;
    this.events = events;
    this.clock = clock;
  }

  /**
   * What came of a wish.
   *
   * @param waiting until a second administrator confirms it; else it is done
   * @param oneTimePassword of a user that has a new one; seen only here
   */
  record Outcome(UserChange change, Optional<Proposal> waiting, Optional<String> oneTimePassword) {
    @Override
    public String toString() {
      return change.kind().code() + " " + change.user();
    }
  }

  /**
   * Does it, or keeps it for a second administrator.
   *
   * @param password the one-time one to be set, where the change is that; never kept
   */
  @Transactional
  public Outcome ask(Actor actor, UserChange change, Optional<String> password) {
    second.lock();
    String person = second.person(actor);
    requireNotOwn(person, change);
    requireSensible(change);
    if (!needsSecond(person, change)) {
      return apply(change, password, Map.of());
    }
    proposals.deleteExpired(clock.instant());
    Proposal waiting = proposals.save(new Proposal(change, person, clock.instant()));
    changed("user.change-proposed", change, Map.of("change", change.kind().code()));
    return new Outcome(change, Optional.of(waiting), Optional.empty());
  }

  /** The second pair of eyes: neither whoever proposed it nor whoever gains by it. */
  @Transactional
  public Outcome confirm(Actor actor, UUID id) {
    second.lock();
    String person = second.person(actor);
    Proposal proposal = find(id);
    SecondAdministrator.requireOther(person, proposal.proposedBy());
    UserChange change = proposal.change();
    if (change.kind().raises() && People.isSame(person, "user:" + change.user())) {
      throw new SignerException(ProblemType.FORBIDDEN, "nobody raises their own rights");
    }
    requireSensible(change);
    proposals.delete(proposal);
    return apply(change, Optional.empty(), Map.of("proposedBy", proposal.proposedBy()));
  }

  /** Takes a proposal back; any administrator may. */
  @Transactional
  public void drop(Actor actor, UUID id) {
    second.lock();
    second.person(actor);
    Proposal proposal = find(id);
    proposals.delete(proposal);
    changed("user.change-dropped", proposal.change(), Map.of());
  }

  @Transactional(readOnly = true)
  public List<Proposal> waiting() {
    return proposals.findAll().stream().filter(p -> p.expires().isAfter(clock.instant())).toList();
  }

  private static void requireNotOwn(String person, UserChange change) {
    if (!People.isSame(person, "user:" + change.user())) {
      return;
    }
    if (change.kind() == UserChange.Kind.DELETE) {
      throw SignerException.conflict("nobody deletes the account in use");
    }
    if (change.kind().raises()) {
      throw new SignerException(ProblemType.FORBIDDEN, "nobody raises their own rights");
    }
  }

  private void requireSensible(UserChange change) {
    if (change.kind() == UserChange.Kind.CREATE) {
      accounts.requireFree(change.user());
      return;
    }
    User user = accounts.user(change.user());
    Rights after = after(user, change);
    if (change.kind() == UserChange.Kind.TAKE && after.isEmpty()) {
      throw SignerException.conflict(
          "a user has a role at least: remove " + change.user() + " instead");
    }
    if (after.grants().size() > Rights.MAX_GRANTS) {
      throw SignerException.conflict("a user has at most " + Rights.MAX_GRANTS + " roles");
    }
    if (user.rights().has(Role.ADMINISTRATOR)
        && !after.has(Role.ADMINISTRATOR)
        && administrators().size() == 1) {
      throw SignerException.conflict("the last administrator stays");
    }
  }

  private static Rights after(User user, UserChange change) {
    return switch (change.kind()) {
      case CREATE, RESET -> user.rights();
      case GRANT -> user.rights().plus(change.rights());
      case TAKE -> user.rights().minus(change.rights());
      case DELETE -> Rights.NONE;
    };
  }

  private boolean needsSecond(String person, UserChange change) {
    if (!second.isNeeded(person)) {
      return false;
    }
    if (change.kind().raises()) {
      return true;
    }
    User user = accounts.user(change.user());
    return user.rights().has(Role.ADMINISTRATOR)
        && !after(user, change).has(Role.ADMINISTRATOR)
        && !People.isSame(person, "user:" + user.name());
  }

  private List<User> administrators() {
    return users.findAll().stream().filter(u -> u.rights().has(Role.ADMINISTRATOR)).toList();
  }

  private Outcome apply(UserChange change, Optional<String> password, Map<String, String> details) {
    Optional<String> oneTime = Optional.empty();
    String action =
        switch (change.kind()) {
          case CREATE -> "user.created";
          case GRANT -> "user.roles-granted";
          case TAKE -> "user.roles-taken";
          case RESET -> "user.password-changed";
          case DELETE -> "user.deleted";
        };
    switch (change.kind()) {
      case CREATE -> oneTime = Optional.of(accounts.insert(change.user(), change.rights()));
      case GRANT, TAKE -> {
        User user = accounts.user(change.user());
        user.become(after(user, change));
        users.save(user);
      }
      case RESET -> oneTime = accounts.reset(change.user(), password);
      case DELETE -> accounts.remove(change.user());
    }
    if (change.kind() == UserChange.Kind.DELETE || change.kind() == UserChange.Kind.TAKE) {
      proposals.dropOf("user:" + change.user(), change.user());
    }
    changed(action, change, details);
    return new Outcome(change, Optional.empty(), oneTime);
  }

  private Proposal find(UUID id) {
    return proposals
        .findById(id)
        .filter(p -> p.expires().isAfter(clock.instant()))
        .orElseThrow(() -> SignerException.notFound("change " + id));
  }

  private void changed(String action, UserChange change, Map<String, String> more) {
    Map<String, String> details = new HashMap<>(more);
    if (!change.rights().isEmpty()) {
      details.put("roles", change.rights().join());
    }
    events.publishEvent(
        new AccessChanged(Actor.current(), action, "user:" + change.user(), details));
  }
}
