package dev.otasigner.service.access;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Signing in and out. */
@RestController
@RequestMapping("/api/v1")
class SessionController {
  private final SignIn signIn;

  SessionController(SignIn signIn) {
    this.signIn = signIn;
  }

  record Credentials(String user, String password) {}

  record SessionBody(
      String token, Instant expires, String user, List<String> roles, boolean passwordChangeDue) {}

  /**
   * Who a token stands for.
   *
   * @param product when all roles are for this one product, and then they do not repeat it
   */
  record WhoAmI(String kind, String name, List<String> roles, @Nullable String product) {}

  @PostMapping("/sessions")
  @OpenToAll
  @ResponseStatus(HttpStatus.CREATED)
  SessionBody open(@RequestBody Credentials credentials, HttpServletRequest request) {
    SignIn.Opened opened =
        signIn.open(credentials.user(), credentials.password(), request.getRemoteAddr());
    return new SessionBody(
        opened.token().text(),
        opened.expires(),
        opened.user().name(),
        opened.user().rights().texts(),
        opened.user().isOneTime());
  }

  @DeleteMapping("/sessions/current")
  @AllowedTo(ofAnyProduct = true, beforePasswordChange = true)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void close(HttpServletRequest request) {
    TokenFilter.token(request).ifPresent(signIn::close);
  }

  @GetMapping("/whoami")
  @AllowedTo(ofAnyProduct = true)
  WhoAmI whoAmI(@AuthenticationPrincipal Actor actor) {
    Rights rights = actor.rights();
    boolean one = rights.products().size() == 1;
    return new WhoAmI(
        actor.kind().code(),
        actor.name(),
        one ? rights.roles().stream().map(Role::code).toList() : rights.texts(),
        one ? rights.products().iterator().next() : null);
  }
}
