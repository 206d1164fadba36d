package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** People who sign in, and what waits for a second administrator. */
@RestController
@RequestMapping("/api/v1")
class UserController {
  private final Accounts accounts;
  private final UserChanges changes;

  UserController(Accounts accounts, UserChanges changes) {
    this.accounts = accounts;
    this.changes = changes;
  }

  record NewUser(String name, List<String> roles) {}

  record UserBody(String name, List<String> roles, Instant created, boolean passwordChangeDue) {}

  record PasswordChange(@Nullable String current, @Nullable String password) {}

  record RolesChange(@Nullable List<String> grant, @Nullable List<String> take) {}

  /**
   * What was done, or waits.
   *
   * @param waitingUntil when it lapses, unless another administrator confirms it under this id
   */
  record Done(
      String change,
      String name,
      List<String> roles,
      @Nullable String oneTimePassword,
      @Nullable UUID id,
      @Nullable String proposedBy,
      @Nullable Instant waitingUntil) {

    static Done of(UserChanges.Outcome outcome) {
      return outcome
          .waiting()
          .map(Done::of)
          .orElseGet(
              () ->
                  new Done(
                      outcome.change().kind().code(),
                      outcome.change().user(),
                      outcome.change().rights().texts(),
                      outcome.oneTimePassword().orElse(null),
                      null,
                      null,
                      null));
    }

    static Done of(Proposal proposal) {
      UserChange change = proposal.change();
      return new Done(
          change.kind().code(),
          change.user(),
          change.rights().texts(),
          null,
          proposal.id(),
          proposal.proposedBy(),
          proposal.expires());
    }

    @Override
    public String toString() {
      return change + " " + name;
    }
  }

  @GetMapping("/users")
  @AllowedTo({Role.ADMINISTRATOR, Role.AUDITOR})
  List<UserBody> list() {
    return accounts.users().stream()
        .map(u -> new UserBody(u.name(), u.rights().texts(), u.created(), u.isOneTime()))
        .toList();
  }

  @PostMapping("/users")
  @AllowedTo(Role.ADMINISTRATOR)
  ResponseEntity<Done> create(@RequestBody NewUser body, @AuthenticationPrincipal Actor actor) {
    UserChange change =
        new UserChange(UserChange.Kind.CREATE, body.name(), Rights.of(body.roles()));
    return answer(HttpStatus.CREATED, changes.ask(actor, change, Optional.empty()));
  }

  /** Gives roles or takes some, not both: one of them may have to wait. */
  @PostMapping("/users/{name}/roles")
  @AllowedTo(Role.ADMINISTRATOR)
  ResponseEntity<Done> changeRoles(
      @PathVariable String name,
      @RequestBody RolesChange body,
      @AuthenticationPrincipal Actor actor) {
    List<String> grant = body.grant();
    List<String> take = body.take();
    UserChange change;
    if (grant != null && take == null) {
      change = new UserChange(UserChange.Kind.GRANT, name, Rights.of(grant));
    } else if (take != null && grant == null) {
      change = new UserChange(UserChange.Kind.TAKE, name, Rights.of(take));
    } else {
      throw new SignerException(ProblemType.BAD_REQUEST, "either grant or take is expected");
    }
    return answer(HttpStatus.OK, changes.ask(actor, change, Optional.empty()));
  }

  /**
   * One's own, with the current password; or, as administrator, a one-time one for another, which
   * is made and shown where none is given.
   */
  @PutMapping("/users/{name}/password")
  @AllowedTo(ofAnyProduct = true, beforePasswordChange = true)
  ResponseEntity<Done> changePassword(
      @PathVariable String name,
      @RequestBody PasswordChange body,
      @AuthenticationPrincipal Actor actor,
      HttpServletRequest request) {
    if (actor.kind() == Actor.Kind.USER && actor.name().equals(name)) {
      if (body.password() == null) {
        throw new SignerException(ProblemType.BAD_REQUEST, "password: it is missing");
      }
      accounts.changeOwnPassword(name, body.current(), body.password(), request.getRemoteAddr());
      return ResponseEntity.noContent().build();
    }
    if (!actor.has(Role.ADMINISTRATOR)) {
      throw new SignerException(ProblemType.FORBIDDEN, "a password is changed by its owner");
    }
    UserChange change = new UserChange(UserChange.Kind.RESET, name, Rights.NONE);
    Optional<String> password = Optional.ofNullable(body.password());
    return answer(
        password.isPresent() ? HttpStatus.NO_CONTENT : HttpStatus.OK,
        changes.ask(actor, change, password));
  }

  @DeleteMapping("/users/{name}")
  @AllowedTo(Role.ADMINISTRATOR)
  ResponseEntity<Done> delete(@PathVariable String name, @AuthenticationPrincipal Actor actor) {
    UserChange change = new UserChange(UserChange.Kind.DELETE, name, Rights.NONE);
    return answer(HttpStatus.NO_CONTENT, changes.ask(actor, change, Optional.empty()));
  }

  @GetMapping("/user-changes")
  @AllowedTo({Role.ADMINISTRATOR, Role.AUDITOR})
  List<Done> waiting() {
    return changes.waiting().stream().map(Done::of).toList();
  }

  @PostMapping("/user-changes/{id}/confirm")
  @AllowedTo(Role.ADMINISTRATOR)
  Done confirm(@PathVariable UUID id, @AuthenticationPrincipal Actor actor) {
    return Done.of(changes.confirm(actor, id));
  }

  @DeleteMapping("/user-changes/{id}")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void drop(@PathVariable UUID id, @AuthenticationPrincipal Actor actor) {
    changes.drop(actor, id);
  }

  private static ResponseEntity<Done> answer(HttpStatus done, UserChanges.Outcome outcome) {
    if (outcome.waiting().isPresent()) {
      return ResponseEntity.status(HttpStatus.ACCEPTED).body(Done.of(outcome));
    }
    return done == HttpStatus.NO_CONTENT
        ? ResponseEntity.noContent().build()
        : ResponseEntity.status(done).body(Done.of(outcome));
  }
}
