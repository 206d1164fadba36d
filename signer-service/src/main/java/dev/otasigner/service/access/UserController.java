package dev.otasigner.service.access;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
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

/** People who sign in. */
@RestController
@RequestMapping("/api/v1/users")
class UserController {
  private final Accounts accounts;

  UserController(Accounts accounts) {
    this.accounts = accounts;
  }

  record NewUser(String name, List<String> roles) {}

  record CreatedUser(String name, List<String> roles, String oneTimePassword) {}

  record UserBody(String name, List<String> roles, Instant created, boolean passwordChangeDue) {}

  record PasswordChange(@Nullable String current, String password) {}

  @GetMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.AUDITOR})
  List<UserBody> list() {
    return accounts.users().stream()
        .map(u -> new UserBody(u.name(), codes(u), u.created(), u.isOneTime()))
        .toList();
  }

  @PostMapping
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  CreatedUser create(@RequestBody NewUser body) {
    Accounts.Created created = accounts.createUser(body.name(), Accounts.roles(body.roles()));
    return new CreatedUser(created.user().name(), codes(created.user()), created.oneTimePassword());
  }

  /** One's own, with the current password; or, as administrator, a one-time one for another. */
  @PutMapping("/{name}/password")
  @AllowedTo(beforePasswordChange = true)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void changePassword(
      @PathVariable String name,
      @RequestBody PasswordChange body,
      @AuthenticationPrincipal Actor actor) {
    accounts.changePassword(actor, name, body.current(), body.password());
  }

  @DeleteMapping("/{name}")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void delete(@PathVariable String name, @AuthenticationPrincipal Actor actor) {
    accounts.deleteUser(actor, name);
  }

  private static List<String> codes(User user) {
    return user.roles().stream().sorted().map(Role::code).toList();
  }
}
