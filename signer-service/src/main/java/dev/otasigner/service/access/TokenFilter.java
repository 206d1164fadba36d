package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Reads {@code Authorization: Bearer TOKEN}; a token that is given and wrong is refused at once.
 */
final class TokenFilter extends OncePerRequestFilter {
  private static final String BEARER = "Bearer ";

  private final SignIn signIn;
  private final IssuedTokens issued;
  private final HandlerExceptionResolver problems;

  TokenFilter(SignIn signIn, IssuedTokens issued, HandlerExceptionResolver problems) {
    this.signIn = signIn;
    this.issued = issued;
    this.problems = problems;
  }

  static Optional<Secret> token(HttpServletRequest request) {
    String header = request.getHeader("Authorization");
    return header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? Optional.of(new Secret(header.substring(BEARER.length()).strip()))
        : Optional.empty();
  }

  /** Our own tokens have no dots, and those of issuers have two. */
  private Optional<Actor> actor(Secret token, String address) {
    return token.text().indexOf('.') < 0
        ? signIn.actor(token)
        : Optional.of(issued.actor(token, address));
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Optional<Secret> token = token(request);
    if (token.isPresent()) {
      Optional<Actor> actor;
      try {
        actor = actor(token.get(), request.getRemoteAddr());
      } catch (RuntimeException e) {
        problems.resolveException(request, response, null, e);
        return;
      }
      if (actor.isEmpty()) {
        problems.resolveException(
            request,
            response,
            null,
            new SignerException(
                ProblemType.UNAUTHENTICATED, "the token is unknown, expired or withdrawn"));
        return;
      }
      SecurityContext context = SecurityContextHolder.createEmptyContext();
      context.setAuthentication(
          UsernamePasswordAuthenticationToken.authenticated(actor.get(), null, List.of()));
      SecurityContextHolder.setContext(context);
    }
    chain.doFilter(request, response);
  }
}
